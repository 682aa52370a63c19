"""What has turned red on the Health page, told to administrators."""

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from hireops.desk import health
from hireops.desk.health import Figure
from hireops.desk.staff import Reader
from hireops.notices.sources import Kind, Matter, Source

ADMINISTRATES = "auth.change_user"


def red_now() -> Iterator[Matter]:
    for key in _by_key():
        yield Matter(key, _everybody)


def _everybody(_person: Reader) -> bool:
    return True


def _by_key() -> dict[str, Figure]:
    return {_key(figure): figure for figure in health.alarms()}


def _key(figure: Figure) -> str:
    labels = (f"{name}={value}" for name, value in sorted(figure.labels.items()))
    return " ".join((figure.metric.name, *labels))[:200]


def sentence(keys: Sequence[str]) -> str:
    """The figures by their names, those that are still red; a figure holds nothing personal."""
    named = [str(figure.label) for key, figure in _by_key().items() if key in keys]
    if not named:
        return _("Something on the Health page was red.")
    return _("Red on the Health page: %(figures)s.") % {"figures": _(", ").join(named)}


def path(_keys: Sequence[str]) -> str:
    return reverse("admin:health")


RED = Source(
    name="alarms",
    kind=Kind.ALARM,
    now=red_now,
    sentence=sentence,
    path=path,
    permission=ADMINISTRATES,
    is_urgent=True,
)
