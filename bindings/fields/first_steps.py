"""How a vendor begins, on the home page."""

from django.urls import reverse
from django.utils.translation import gettext as _

from bindings.models import Customer, CustomField, EcoAccount, MatchingRule
from hireops.desk.first_steps import FirstSteps, Step
from hireops.desk.staff import Reader

NEEDED = ("bindings.add_customer", "bindings.add_matchingrule", "bindings.add_customfield")


def first_steps(reader: Reader) -> FirstSteps | None:
    """Until an account is bound to a customer: then it has begun, whatever was left out."""
    if not reader.has_perms(NEEDED) or EcoAccount.objects.filter(customer__isnull=False).exists():
        return None
    return FirstSteps(
        _("First steps of a vendor"),
        [
            Step(
                _("Add your customers"),
                _("One by one or from a file, each with the code that they type in Feishu."),
                reverse("admin:bindings_customer_changelist"),
                is_done=Customer.objects.exists(),
            ),
            Step(
                _("Say how accounts are recognised"),
                _("A matching rule binds an account to its customer as soon as it arrives."),
                reverse("admin:bindings_matchingrule_changelist"),
                is_done=MatchingRule.objects.exists(),
            ),
            Step(
                _("Define the account form"),
                _("What customers fill in when they add an account; push it, and Feishu shows it."),
                reverse("admin:bindings_customfield_changelist"),
                is_done=CustomField.objects.exists(),
            ),
        ],
        _("Then play the customer there: add an account and order something."),
    )
