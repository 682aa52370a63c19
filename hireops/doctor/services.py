"""Having hireops examined. Whoever asks rings for ``hireops.jobs.tasks.work``."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops import VERSION
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.desk.heartbeats import this_host
from hireops.doctor import findings
from hireops.doctor.models import Examination
from hireops.jobs import services as jobs

KIND = "examination"
KEPT = 50


def ask(*, by: User) -> Examination:
    """Leave it to a worker, as no page waits for Feishu. ``Refused`` while one is under way."""
    with transaction.atomic():
        if Examination.objects.select_for_update().filter(finished_at=None).exists():
            raise Refused(_("An examination is under way already."))
        examination = Examination.objects.create(asked_by=by, asked_at=clock.now())
        jobs.start(KIND, about=examination, by=by)
        audit.record(by=by, action=gettext_noop("examination asked for"), on=examination)
    return examination


def examined() -> list[dict[str, object]]:
    """What is found now, outside of any transaction."""
    return list(findings.examine())


def keep(examination_id: int, found: list[dict[str, object]]) -> None:
    """The result, by the worker that asked; only the newest examinations are kept."""
    Examination.objects.filter(pk=examination_id).update(
        findings=found, finished_at=clock.now(), host=this_host(), version=VERSION
    )
    newest = Examination.objects.order_by("-pk").values_list("pk", flat=True)[:KEPT]
    Examination.objects.exclude(pk__in=list(newest)).delete()
