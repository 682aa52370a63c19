"""From what is so to a message for each person whom it concerns. The database is the truth, not a signal:
whatever was missed while nobody looked is noticed by the next look.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hireops.database import clock
from hireops.database.locks import advisory_lock
from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from hireops.notices import sources, standing
from hireops.notices.models import Message, Occasion, Recipient
from hireops.notices.sources import Matter
from hireops.notices.standing import SEND, Begin
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from hireops.people.feishu.accounts import linked_staff, open_id_of
from hireops.people.models import Staff

GATHERED_FOR = timedelta(minutes=1)
# What is over for less than this and comes again is the same, and was told.
FLICKERS_FOR = timedelta(minutes=10)
QUIET_FROM, QUIET_UNTIL = time(22), time(8)
TESTS_EVERY = timedelta(minutes=1)

Key = tuple[str, str]
Found = dict[Key, Matter]


def tell() -> int:
    """Notice what has come about and what is over, and owe Feishu what is to be told now; how many messages.

    What comes about within a minute is one message for each person. By night only what is urgent is told, and
    the rest in the morning, if it is still so.
    """
    found: Found = {
        (source.name, matter.key): matter for source in sources.all_sources() for matter in source.now()
    }
    if not _anything_to_do(found):
        return 0
    with transaction.atomic():
        advisory_lock("notices")
        now = clock.now()
        _notice(found, now)
        return _tell(found, now)


def _anything_to_do(found: Found) -> bool:
    """Most often there is nothing, and nobody's writing has to wait for us."""
    known = Occasion.objects.filter(over_at=None)
    if set(known.values_list("source", "key")) != found.keys():
        return True
    return known.filter(told_at=None).exists()


# --- What is so


def _notice(found: Found, now: datetime) -> None:
    known = {(each.source, each.key): each.pk for each in Occasion.objects.filter(over_at=None)}
    ended = [pk for key, pk in known.items() if key not in found]
    Occasion.objects.filter(pk__in=ended).update(over_at=now)
    begun = found.keys() - known.keys()
    again = _over_for_a_moment(begun, now)
    Occasion.objects.filter(pk__in=again.values()).update(over_at=None)
    fresh = sorted(begun - again.keys())
    Occasion.objects.bulk_create(Occasion(source=source, key=key, since=now) for source, key in fresh)


def _over_for_a_moment(begun: Iterable[Key], now: datetime) -> dict[Key, int]:
    lately = Occasion.objects.filter(over_at__gt=now - FLICKERS_FOR).order_by("pk")
    wanted = set(begun)
    return {key: each.pk for each in lately if (key := (each.source, each.key)) in wanted}


# --- Whom it is told


def _tell(found: Found, now: datetime) -> int:
    due = _due(now)
    begin = standing.may_begin(now) if due else Begin.NONE
    if begin is Begin.NONE:
        return 0
    made = 0
    for person, occasions in _by_person(due, found):
        _owe(person, occasions, now)
        made += 1
        if begin is Begin.ONE:
            return made  # the others are told when this one has arrived
    Occasion.objects.filter(pk__in=[each.pk for each in due]).update(told_at=now)
    return made


def _due(now: datetime) -> list[Occasion]:
    untold = Occasion.objects.filter(over_at=None, told_at=None).order_by("pk")
    due = [each for each in untold if _may_be_told_at(each, now)]
    oldest = min((each.since for each in due), default=now)
    return due if oldest <= now - GATHERED_FOR else []


def _may_be_told_at(occasion: Occasion, now: datetime) -> bool:
    source = sources.get(occasion.source)
    return source is not None and (source.is_urgent or not is_night(now))


def is_night(now: datetime) -> bool:
    """By the time zone of the pages."""
    at = localtime(now).time()
    return at >= QUIET_FROM or at < QUIET_UNTIL


def _by_person(due: Sequence[Occasion], found: Found) -> Iterator[tuple[Staff, list[Occasion]]]:
    """Who is to be told of what, as things are now."""
    recipients = Recipient.objects.in_bulk(field_name="person_id")
    had = _had(due)
    for person in linked_staff():
        recipient = recipients.get(person.pk)
        if recipient and recipient.out_of_range_since:
            continue
        wanted = _wanted(person, recipient)
        mine = [
            each
            for each in due
            if each.source in wanted
            and (person.pk, each.pk) not in had
            and found[each.source, each.key].concerns(person)
        ]
        if mine:
            yield person, mine


def _wanted(person: Staff, recipient: Recipient | None) -> set[str]:
    """The sources that this person wants to hear of and may."""
    off = recipient.switched_off if recipient else []
    return {each.name for each in sources.all_sources() if each.kind not in off and each.is_for(person)}


def _had(due: Sequence[Occasion]) -> set[tuple[int, int]]:
    """Who has been told of which already, or can't be: where others were not, it is told again."""
    settled = Q(state=Call.State.SUCCEEDED) | standing.REFUSED_TO_ONE
    calls = Call.objects.filter(settled, notice__occasions__in=[each.pk for each in due])
    return set(calls.values_list("notice__person", "notice__occasions"))


# --- What is sent


def _owe(person: User, occasions: Sequence[Occasion], now: datetime, *, is_test: bool = False) -> Message:
    message = Message.objects.create(person_id=person.pk, created_at=now, is_test=is_test)
    message.occasions.set(occasions)
    message.call = outbox.enqueue(
        operation=SEND,
        target=f"person {person.pk}",
        payload={"message": message.pk},
        tenant=_own_tenant(),
        by=None,
    )
    message.save(update_fields=["call"])
    return message


def _own_tenant() -> Tenant | None:
    """A store app has many, and its people are those of the vendor's own; a custom app's token names none."""
    if settings.FEISHU_APP_TYPE == "custom":
        return None
    return Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key=settings.FEISHU_SIGN_IN_TENANT_KEY)


def send_test(person: User) -> Message:
    """A message at once, whatever the hour and whatever Feishu has said until now. Raises ``Refused``."""
    if not open_id_of(person):
        raise Refused(_("You have not signed in with Feishu yet, so nobody knows where to send it."))
    with transaction.atomic():
        advisory_lock("notices")
        now = clock.now()
        lately = Message.objects.filter(person=person, is_test=True, created_at__gt=now - TESTS_EVERY)
        if lately.exists():
            raise Refused(_("A test was sent less than a minute ago. Look into Feishu, or try again soon."))
        return _owe(person, [], now, is_test=True)
