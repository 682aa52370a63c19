"""Long work of the inbox: replaying everything that failed."""

from django.utils.translation import gettext_lazy as _

from hireops.inbox import replaying
from hireops.inbox.models import Replay
from hireops.inbox.services import REPLAY
from hireops.jobs.registry import Kind, register, repeated

register(
    Kind(
        name=REPLAY,
        label=_("Replay what failed"),
        parts=repeated(replaying.replay_piece),
        on_cancel=replaying.cancel,
        told=_("%(done)s of %(total)s events"),
        told_so_far=_("%(done)s events"),
        permission="inbox.view_replay",
        under_way=lambda: Replay.objects.filter(finished_at=None),
    )
)
