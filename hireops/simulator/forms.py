"""The forms of the page: the customer's own, made of the fields just pushed, and the two for trouble."""

from dataclasses import replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from hireops.simulator.api.endpoints import ENDPOINTS
from hireops.simulator.faults import FAULT_LABELS, Fault, FaultKind, ResetHeader, When
from hireops.simulator.money import CURRENCY_FORMS
from hireops.simulator.state import FETCHES, FormField, Switches

SCOPE_LABELS = {1: _("Background check"), 2: _("Written exam")}
USAGE_LABELS = {1: _("Experienced hires"), 2: _("Campus hires")}
DEFAULT_NAMES = {1: _("Background check account"), 2: _("Written exam account")}
VALUE_MAX = 500

Data = QueryDict | None


class AccountForm(forms.Form):
    """What a customer fills in to add a partner account. Custom fields are named ``field:<key>``."""

    name = forms.CharField(label=_("Account name"), max_length=100)
    usages = forms.TypedMultipleChoiceField(
        label=_("Used for"),
        choices=list(USAGE_LABELS.items()),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, data: Data = None, *, scope: int, custom_fields: list[FormField], tenants: tuple[str, ...]
    ) -> None:
        initial = {"name": DEFAULT_NAMES[scope], "usages": [1]}
        super().__init__(data, initial=initial, label_suffix="", auto_id="account-%s")
        choices = [(tenant, tenant) for tenant in tenants]
        hidden = forms.HiddenInput() if len(tenants) == 1 else None
        self.fields["tenant_key"] = forms.ChoiceField(
            label=_("Customer (tenant_key)"), choices=choices, widget=hidden, initial=tenants[0]
        )
        for custom_field in custom_fields:
            self.fields[f"field:{custom_field.key}"] = forms.CharField(
                label=in_language(custom_field.name) or custom_field.key,
                help_text=in_language(custom_field.description),
                required=custom_field.is_required,
                max_length=VALUE_MAX,
            )

    @property
    def values(self) -> list[dict[str, str]]:
        """``[{key, value}]`` of what was filled in; an optional field left empty is not sent."""
        filled = ((name, value) for name, value in self.cleaned_data.items() if name.startswith("field:"))
        return [{"key": name.removeprefix("field:"), "value": value} for name, value in filled if value]


class FaultForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What goes wrong"), choices=[(kind.value, FAULT_LABELS[kind]) for kind in FaultKind]
    )
    path = forms.ChoiceField(
        label=_("At which call"),
        required=False,
        choices=[("", _("Every call")), *((each.path, f"{each.method} {each.path}") for each in ENDPOINTS)],
    )
    when = forms.ChoiceField(
        label=pgettext_lazy("a fault", "When"),
        choices=[(When.BEFORE.value, _("Before the work is done")), (When.AFTER.value, _("After it"))],
    )
    calls = forms.IntegerField(
        label=_("How many calls"),
        min_value=1,
        max_value=1000,
        required=False,
        initial=1,
        help_text=_("Empty: until cleared"),
    )
    seconds = forms.FloatField(
        label=_("Hold the answer back (seconds)"), min_value=0, max_value=60, initial=0
    )
    reset_seconds = forms.IntegerField(
        label=_("Wait that “too many calls” asks for (seconds)"), min_value=1, max_value=3600, initial=5
    )
    reset_header = forms.TypedChoiceField(
        label=_("How that wait is said"),
        choices=[
            (ResetHeader.NUMBER.value, _("As a number")),
            (ResetHeader.MISSING.value, _("Not at all")),
            (ResetHeader.GARBAGE.value, _("As nonsense")),
        ],
        coerce=ResetHeader,
        empty_value=ResetHeader.NUMBER,
        required=False,
    )
    megabytes = forms.IntegerField(
        label=_("Size of a huge answer (MB)"), min_value=1, max_value=10_000, initial=8, required=False
    )
    code = forms.IntegerField(
        label=_("Code of a refusal"), min_value=1, max_value=999_999_999, initial=1002002, required=False
    )
    lasts_s = forms.IntegerField(
        label=_("Until so many seconds from now"),
        min_value=1,
        max_value=86_400,
        required=False,
        help_text=_("Empty: without a limit in time"),
    )

    def __init__(self, data: Data = None) -> None:
        super().__init__(data, label_suffix="", auto_id="fault-%s")

    def fault(self, *, now: float) -> Fault:
        cleaned = dict(self.cleaned_data)
        lasts_s = cleaned.pop("lasts_s")
        return Fault(
            **{
                **cleaned,
                "kind": FaultKind(cleaned["kind"]),
                "when": When(cleaned["when"]),
                "megabytes": cleaned["megabytes"] or 1,
                "code": cleaned["code"] or 1002002,
                "until": now + lasts_s if lasts_s else None,
            }
        )


class SwitchesForm(forms.Form):
    quota_enforced = forms.BooleanField(label=_("Enforce the call quotas"), required=False)
    rate_limit_status = forms.TypedChoiceField(
        label=_("“Too many calls” is answered as"),
        coerce=int,
        choices=[(429, "HTTP 429"), (400, _("HTTP 400 (old APIs)"))],
    )
    delivery_paused = forms.BooleanField(label=_("Hold events back"), required=False)
    duplicate_every = forms.IntegerField(
        label=_("Deliver every n-th event twice (0: none)"), min_value=0, max_value=1_000_000
    )
    shuffle_seconds = forms.FloatField(label=_("Shuffle events within (seconds)"), min_value=0, max_value=60)

    currency_as = forms.ChoiceField(
        label=_("Currencies are sent as"),
        choices=list(zip(CURRENCY_FORMS, ('"CNY"', "1", '"1"'), strict=True)),
    )
    approval_required = forms.BooleanField(label=_("Results wait for approval"), required=False)
    order_form_is_final = forms.BooleanField(
        label=_("Order-form fields cannot be created twice"), required=False
    )

    bot_off = forms.BooleanField(label=_("The app has no bot"), required=False)
    rejected_takes_results = forms.BooleanField(
        label=_("A rejected order takes another result"), required=False
    )
    fetch_reports = forms.ChoiceField(
        label=_("Reports are fetched"),
        choices=[(FETCHES[0], _("as soon as they are reported")), (FETCHES[1], _("when they are opened"))],
    )

    def __init__(self, data: Data = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="", auto_id="switch-%s", initial=initial)

    def switches(self, before: Switches) -> Switches:
        """Those that the page does not show stay as they are."""
        return replace(before, **self.cleaned_data)


def in_language(texts: dict[str, str]) -> str:
    """The text in the page's language, else in the other one."""
    order = ("en_us", "zh_cn") if get_language() == "en" else ("zh_cn", "en_us")
    return next((texts[language] for language in order if texts.get(language)), "")
