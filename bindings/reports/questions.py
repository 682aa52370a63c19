"""What the doctor asks of reports: whether every host can read what another one has taken."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hireops.desk import heartbeats
from hireops.doctor.findings import Found, Level, Question, Text, Verdict


def _storage() -> Iterator[Found]:
    hosts = heartbeats.hosts()
    is_apart = settings.REPORTS_STORAGE == "folder" and len(hosts) > 1
    facts: dict[str, Text | int] = {"hosts": len(hosts), "folder": str(settings.REPORTS_FOLDER)}
    yield Found("apart", facts) if is_apart else Found("ok")


QUESTIONS = (
    Question(
        id="reports.storage",
        title=_("Storage of reports"),
        ask=_storage,
        verdicts={
            "ok": Verdict(Level.OK, _("Every host reaches it.")),
            "apart": Verdict(
                Level.WARNING,
                _(
                    "There are %(hosts)s hosts, and reports lie in a folder (%(folder)s): what was uploaded "
                    "on one, another can't show or send."
                ),
                _("Set REPORTS_STORAGE=s3 on all hosts."),
            ),
        },
    ),
)
