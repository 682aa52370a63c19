"""The binding codes of a customer, on the customer's page."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bindings.matching.admin.codes import ISSUE
from bindings.matching.texts import what_became_of
from bindings.models import Customer
from hireops.database import clock
from hireops.desk import sections
from hireops.desk.display import linked, state_badge
from hireops.desk.sections import Section

CODES_SHOWN = 5


def binding_codes(request: HttpRequest, customer: Customer) -> Section | None:
    if not request.user.has_perm("bindings.view_bindingcode"):
        return None
    now, may_issue = clock.now(), request.user.has_perm(ISSUE) and not customer.archived
    newest = customer.binding_codes.select_related("used_by", "revoked_by").order_by("-pk")
    listed = reverse("admin:bindings_bindingcode_changelist")
    return Section(
        title=_("Binding codes"),
        template="admin/bindings/bindingcode/section.html",
        context={
            "codes": [
                (linked(code, code.hint), state_badge(code.state_at(now)), what_became_of(code))
                for code in newest[:CODES_SHOWN]
            ],
            "list_url": f"{listed}?customer__exact={customer.pk}",
            "issue_url": f"{reverse('admin:bindings_bindingcode_issue')}?customer={customer.pk}"
            if may_issue
            else "",
        },
    )


sections.register(Customer, binding_codes)
