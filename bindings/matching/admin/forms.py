"""What staff fill in: a rule, a binding code, whose an account is."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bindings.customers.codes import normalised
from bindings.customers.services import code_problem
from bindings.matching.issuing import DAYS, MOST_DAYS
from bindings.models import Customer, CustomField, MatchingRule, Scope

LONGEST_REASON = 1000
if TYPE_CHECKING:
    _RuleForm = forms.ModelForm[MatchingRule]
else:
    _RuleForm = forms.ModelForm
Choices = list[tuple[str | Promise, list[tuple[str, str]]]]


class RuleForm(_RuleForm):
    """The field of a form is chosen together with the form: ``read``."""

    read = forms.ChoiceField(label=gettext_lazy("Field of the account form"))

    class Meta:
        model = MatchingRule
        fields = ["kind", "position", "proposes_only"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["read"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  for mypy
        rule = self.instance
        field.choices = fields_to_read(rule)
        field.initial = f"{rule.scope}:{rule.key}" if rule.pk else None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if chosen := cleaned.get("read"):
            scope, _colon, key = str(chosen).partition(":")
            self.instance.scope, self.instance.key = int(scope), key
            same = MatchingRule.objects.filter(scope=scope, key=key, kind=cleaned.get("kind"))
            if same.exclude(pk=self.instance.pk).exists():
                self.add_error("read", _("There is a rule that reads this field like that already."))
        return cleaned


def fields_to_read(rule: MatchingRule) -> Choices:
    """By form, the fields that customers fill in; also the one that ``rule`` reads, whatever became of it."""
    in_chinese = (get_language() or "").startswith("zh")
    choices: dict[int, dict[str, str]] = {scope.value: {} for scope in Scope}
    for field in CustomField.objects.filter(retired=False).order_by("scope", "position"):
        name = field.name_zh if in_chinese else field.name_en or field.name_zh
        choices.setdefault(field.scope, {})[field.key] = f"{name} ({field.key})"
    if rule.pk:
        choices[rule.scope].setdefault(rule.key, rule.key)
    return [
        (Scope(scope).label, [(f"{scope}:{key}", name) for key, name in fields.items()])
        for scope, fields in choices.items()
        if fields
    ]


class CustomerCodeField(forms.CharField):
    """A customer by code, as people write it."""

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        if not code:
            return None
        customer = Customer.objects.filter(normalised_code=normalised(code)).first()
        if customer is None:
            raise forms.ValidationError(_("There is no customer with this code."))
        if customer.archived:
            raise forms.ValidationError(_("This customer is archived."))
        return customer


class IssueForm(forms.Form):
    customer = CustomerCodeField(label=gettext_lazy("Customer code"), max_length=64)
    days = forms.IntegerField(
        label=gettext_lazy("Good for how many days"), min_value=1, max_value=MOST_DAYS, initial=DAYS
    )


class NewCustomerForm(forms.Form):
    """A customer whom nobody has entered yet, made from an account that is theirs."""

    code = forms.CharField(label=gettext_lazy("Customer code"), max_length=64)
    name = forms.CharField(label=gettext_lazy("Customer name"), max_length=200)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("How you know whose the account is. It stays in the history of the account."),
    )

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if problem := code_problem(code):
            raise forms.ValidationError(problem)
        return code


class BindForm(forms.Form):
    """``customer`` is the primary key of one of those that the page shows."""

    customer = forms.ModelChoiceField(
        label=gettext_lazy("Customer"),
        queryset=Customer.objects.filter(archived=False),
        widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("Choose a customer."),
            "invalid_choice": gettext_lazy("This customer is archived, or not there any more."),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "autofocus": True}),
    )
