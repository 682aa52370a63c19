"""Long work of this room: checking a file of customers, and applying its rows."""

from django.utils.translation import gettext_lazy as _

from bindings.customers import import_applying, import_checking
from bindings.customers.imports import KIND
from hireops.imports import trimming
from hireops.imports.models import ImportState
from hireops.jobs.registry import Kind, register

register(
    Kind(
        name=KIND.check_job,
        label=_("Check a file of customers"),
        parts=import_checking.parts,
        one_at_a_time=True,  # each holds its whole file in memory
        told=_("%(done)s of %(total)s customers"),
        told_so_far=_("%(done)s customers"),
        permission="bindings.view_customerimport",
        under_way=lambda: KIND.in_state(ImportState.CHECKING),
    )
)
register(
    Kind(
        name=KIND.apply_job,
        label=_("Import the customers of a file"),
        parts=import_applying.apply_parts,
        told=_("%(done)s of %(total)s customers"),
        told_so_far=_("%(done)s customers"),
        permission="bindings.view_customerimport",
        under_way=lambda: KIND.in_state(ImportState.APPLYING),
    )
)
trimming.register(KIND)
