"""Order forms that differ from those at Feishu, on the home page."""

from django.urls import reverse
from django.utils.translation import gettext as _

from bindings.order_forms import lists
from hireops.desk.cards import Card, counted
from hireops.desk.staff import Reader


def order_forms(reader: Reader) -> Card | None:
    if not reader.has_perm("bindings.push_orderform"):
        return None
    url = reverse("admin:bindings_accountorderform_changelist")
    if bad := counted(lists.to_be_looked_at()):
        return Card(
            title=_("Order forms refused or in doubt"),
            value=bad,
            note=_("Their pages say what to do."),
            url=f"{url}?stands=look",
            tone="bad",
        )
    behind = counted(lists.out_of_date())
    return Card(
        title=_("Order forms out of date"),
        value=behind,
        note=_("Accounts whose customers see another form than the one defined here."),
        url=f"{url}?stands=out_of_date",
        tone="warn" if behind else "ok",
    )
