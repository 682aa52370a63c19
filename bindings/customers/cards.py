"""What about customers waits for somebody, on the home page."""

from django.utils.translation import gettext as _

from bindings.models import CustomerImport
from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader
from hireops.imports.models import ImportState


def imports_to_confirm(reader: Reader) -> Card | None:
    """Only while there is one: most days nobody imports customers."""
    if not reader.has_perm("bindings.change_customerimport"):
        return None
    count = counted(CustomerImport.objects.filter(state=ImportState.CHECKED))
    if not count:
        return None
    return Card(
        title=_("Imports of customers waiting for confirmation"),
        value=count,
        url=list_url("bindings_customerimport", f"state__exact={ImportState.CHECKED}"),
        tone="warn",
    )
