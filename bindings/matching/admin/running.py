"""The button that looks at the whole queue again, and what it says."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bindings.matching.jobs import match_again
from hireops.doorbell import ring
from hireops.jobs.models import Job
from hireops.jobs.tasks import work


def run_again(by: User) -> str:
    """Raises ``Refused`` while that is going on."""
    done = match_again(by=by)
    if isinstance(done, Job):
        ring(work)
        return _("Many accounts wait: the queue is looked at by itself now. “Long work” shows how far it is.")
    text = ngettext(
        "The queue was looked at again: %(count)d account was bound.",
        "The queue was looked at again: %(count)d accounts were bound.",
        done,
    )
    return text % {"count": done}
