"""Long work of this room: checking a file about orders, and telling what its lines say."""

from django.utils.translation import gettext_lazy as _

from bindings.order_files import applying, checking
from bindings.order_files.imports import KIND
from hireops.imports import trimming
from hireops.imports.models import ImportState
from hireops.jobs.registry import Kind, register

VIEW = "bindings.view_orderfile"

register(
    Kind(
        name=KIND.check_job,
        label=_("Check a file about orders"),
        parts=checking.parts,
        one_at_a_time=True,  # each holds its whole file in memory
        told=_("%(done)s of %(total)s lines"),
        told_so_far=_("%(done)s lines"),
        permission=VIEW,
        under_way=lambda: KIND.in_state(ImportState.CHECKING),
    )
)
register(
    Kind(
        name=KIND.apply_job,
        label=_("Tell what a file says about orders"),
        parts=applying.apply_parts,
        told=_("%(done)s of %(total)s lines"),
        told_so_far=_("%(done)s lines"),
        permission=VIEW,
        under_way=lambda: KIND.in_state(ImportState.APPLYING),
    )
)
trimming.register(KIND)
