"""What a person saw on the picture of an account, carried along with the form; and what has moved since."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db.models import Model, Q
from django.utils.translation import gettext as _

from bindings.offers import choosing
from bindings.offers.admin.picture import paper_in_words
from bindings.offers.plan import Content, Kind, Paper, Row, as_json, content_of
from bindings.offers.services import Preview
from hireops.database import clock
from hireops.desk.display import labelled
from hireops.desk.models import AuditEntry

SALT = "bindings.offers.looked_at"
Seen = tuple[Content | None, Content | None]  # as Feishu had it, and as it was to be


def sealed(preview: Preview) -> str:
    """For the hidden field of the form."""
    rows = {_key(row): [as_json(row.before), as_json(row.after)] for row in preview.plan.rows}
    return signing.dumps({"at": clock.now().isoformat(), "rows": rows}, salt=SALT, compress=True)


def _key(row: Row) -> str:
    return f"{row.kind}:{row.code or row.id}"


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that is no longer as it was on the page."""

    name: str
    then_at_feishu: str
    then_wished: str
    now_at_feishu: str
    now_wished: str


@dataclass(frozen=True, slots=True)
class Since:
    """What has moved since a page was opened, and who did something meanwhile."""

    at: datetime
    moved: list[Moved]
    done: list[AuditEntry]


def since(seal: str, now: Preview) -> Since | None:
    """None for a page that does not say what it showed."""
    try:
        kept = signing.loads(seal, salt=SALT)
    except signing.BadSignature:
        return None
    at = datetime.fromisoformat(kept["at"])
    then = {key: _read(key, *contents) for key, contents in kept["rows"].items()}
    return Since(
        at, list(_moved(then, {_key(row): (row.before, row.after) for row in now.plan.rows})), _done(now, at)
    )


def _read(key: str, before: Any, after: Any) -> Seen:
    kind = Kind(key.partition(":")[0])
    return content_of(kind, before), content_of(kind, after)


def _moved(then: Mapping[str, Seen], now: Mapping[str, Seen]) -> Iterator[Moved]:
    for key in sorted({*then, *now}):
        was, is_now = then.get(key, (None, None)), now.get(key, (None, None))
        if was != is_now:
            named = next((each for each in (*is_now, *was) if each), None)
            name = named.name if named else key.partition(":")[2]
            yield Moved(name, *(_said(each) for each in (*was, *is_now)))


def _said(content: Content | None) -> str:
    if content is None:
        return _("(not there)")
    facts = paper_in_words(content) if isinstance(content, Paper) else content.description
    return labelled(content.name, facts) if facts else content.name


def _done(now: Preview, at: datetime) -> list[AuditEntry]:
    """What staff did to the account, its customer, and what is offered to it."""
    account = now.account
    about: list[Model] = [account, *([account.customer] if account.customer else [])]
    about += choosing.items_of_codes({row.code for row in now.plan.rows})
    named = Q()
    for obj in about:
        named |= Q(target_type=ContentType.objects.get_for_model(obj), target_id=str(obj.pk))
    done = AuditEntry.objects.filter(named, at__gte=at).exclude(actor=None).select_related("actor")
    return list(done.order_by("at")[:10])
