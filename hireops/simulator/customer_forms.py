"""The forms of the page for rewards, orders and exams; an order form is made of what a partner published."""

import json
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hireops.simulator import ordering
from hireops.simulator.forms import VALUE_MAX, in_language
from hireops.simulator.money import CURRENCIES
from hireops.simulator.records import Employee, Published
from hireops.simulator.staff import Staff
from hireops.simulator.world import World

Data = QueryDict | None

_MOST_POINTS = 10**9
A_FILE = "https://internal-api-drive-stream.feishu.cn/space/api/box/stream/download/all/sample"


class EmployeeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    mobile_code = forms.RegexField(
        label=_("Country code"), regex=r"^[0-9]{1,4}$", initial="86", required=False
    )
    mobile_number = forms.RegexField(label=_("Mobile"), regex=r"^[0-9]{4,15}$", required=False)
    email = forms.EmailField(label=_("Email"), required=False)

    def __init__(self, data: Data = None, *, tenants: tuple[str, ...]) -> None:
        super().__init__(data, label_suffix="", auto_id="employee-%s")
        self.fields["tenant_key"] = forms.ChoiceField(
            label=_("Customer (tenant_key)"),
            choices=[(tenant, tenant) for tenant in tenants],
            widget=forms.HiddenInput() if len(tenants) == 1 else None,
            initial=tenants[0],
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not (cleaned["mobile_number"] or cleaned["email"]):
            self.add_error("mobile_number", _("Enter a mobile number or an email."))
        return cleaned


class RewardForm(forms.Form):
    """``found`` is the one employee that is meant, once ``finds_one`` said so."""

    found: Employee

    employee = forms.CharField(
        label=_("Employee"), max_length=200, help_text=_("Name, mobile, email or account_id")
    )
    points = forms.IntegerField(
        label=_("Points"), required=False, min_value=-_MOST_POINTS, max_value=_MOST_POINTS
    )
    amount = forms.DecimalField(label=_("Cash"), required=False, max_digits=12, decimal_places=2)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(each, each) for each in CURRENCIES])

    def __init__(self, data: Data = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="", auto_id="reward-%s", initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not (cleaned["points"] or cleaned["amount"]):
            self.add_error("points", _("Enter points, cash or both; a negative number takes back."))
        return cleaned

    def finds_one(self, staff: Staff) -> bool:
        found = staff.named(self.cleaned_data["employee"])
        if len(found) == 1:
            self.found = found[0]
            return True
        self.add_error("employee", _("Several employees match.") if found else _("No employee matches."))
        return False

    @property
    def cash(self) -> dict[str, int]:
        """Cents by currency."""
        amount = self.cleaned_data["amount"]
        return {self.cleaned_data["currency"]: int(amount.scaleb(2))} if amount else {}


class CandidateForm(forms.Form):
    """What checks and exams have in common."""

    candidate = forms.CharField(label=_("Candidate"), max_length=100, initial="王二")
    mobile = forms.RegexField(label=_("Mobile"), regex=r"^[0-9]{4,15}$", initial="18900001111")
    email = forms.EmailField(label=_("Email"), initial="candidate@example.com")

    def __init__(self, data: Data = None, *, published: Published) -> None:
        super().__init__(data, label_suffix="", auto_id="order-%s")
        self.published = published

    @property
    def candidate_info(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        mobile = {"code": "86", "number": cleaned["mobile"]}
        return {"name": cleaned["candidate"], "mobile": mobile, "email": cleaned["email"]}


class ExamForm(CandidateForm):
    def __init__(self, data: Data = None, *, published: Published) -> None:
        super().__init__(data, published=published)
        choices = [(paper_id, paper["name"]) for paper_id, paper in published.papers.items()]
        self.fields["paper_id"] = forms.ChoiceField(label=_("Paper"), choices=choices)
        self.order_fields(["paper_id"])

    @property
    def can_be_ordered(self) -> bool:
        return self.published.activated and bool(self.published.papers)

    def order(self, world: World, account_id: str) -> None:
        content = {"account_id": account_id, "paper_id": self.cleaned_data["paper_id"]}
        ordering.arrange_exam(world, {**content, "candidate_info": self.candidate_info})


class CheckForm(CandidateForm):
    """Fields of the partner's order form are named ``field:<key>``."""

    comment = forms.CharField(label=_("Remark"), max_length=VALUE_MAX, required=False)

    def __init__(self, data: Data = None, *, published: Published) -> None:
        super().__init__(data, published=published)
        self.fields["package_id"] = forms.ChoiceField(
            label=_("Package"), choices=[(key, each["name"]) for key, each in published.packages.items()]
        )
        if published.items:
            self.fields["item_ids"] = forms.MultipleChoiceField(
                label=_("Additional items"),
                choices=[(key, each["name"]) for key, each in published.items.items()],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        for each in published.fields:
            self.fields[f"field:{each['key']}"] = _field_of_the_partner(each)
        self.order_fields(["package_id", "item_ids"])

    @property
    def can_be_ordered(self) -> bool:
        return bool(self.published.packages)

    def order(self, world: World, account_id: str) -> None:
        cleaned = self.cleaned_data
        values = [
            {"key": name.removeprefix("field:"), "value": _as_sent(value)}
            for name, value in cleaned.items()
            if name.startswith("field:") and value not in (None, "", [])
        ]
        content = {
            "account_id": account_id,
            "package_id": cleaned["package_id"],
            "additional_item_id_list": cleaned.get("item_ids", []),
            "comment": cleaned["comment"],
            "candidate_info": self.candidate_info,
            "custom_field_list": values,
        }
        ordering.order_check(world, content)


def _field_of_the_partner(field: dict[str, Any]) -> forms.Field:
    """Each of the nine types as a person fills it in (contract 4.1)."""
    texts: dict[str, Any] = {
        "label": in_language(field["name"]) or field["key"],
        "help_text": in_language(field.get("description", {})),
        "required": field["is_required"],
    }
    options = [(option["key"], in_language(option["name"])) for option in field.get("options", [])]
    nothing = [] if field["is_required"] else [("", "–")]
    make = FIELDS_BY_TYPE.get(field["type"], FIELDS_BY_TYPE["text"])
    return make(options=options, nothing=nothing, **texts)


Options = list[tuple[str, Any]]


def _choice(*, options: Options, nothing: Options, **texts: Any) -> forms.Field:
    return forms.ChoiceField(choices=[*nothing, *options], **texts)


def _yes_or_no(*, options: Options, nothing: Options, **texts: Any) -> forms.Field:
    return forms.ChoiceField(choices=[*nothing, ("true", _("yes")), ("false", _("no"))], **texts)


def _choices(*, options: Options, nothing: Options, **texts: Any) -> forms.Field:
    return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **texts)


def _number(*, options: Options, nothing: Options, **texts: Any) -> forms.Field:
    return forms.DecimalField(max_digits=20, **texts)


def _day(*, options: Options, nothing: Options, **texts: Any) -> forms.Field:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **texts)


def _line(*, options: Options, nothing: Options, **texts: Any) -> forms.Field:
    return forms.CharField(max_length=100, **texts)


def _lines(*, options: Options, nothing: Options, **texts: Any) -> forms.Field:
    return forms.CharField(max_length=200, widget=forms.Textarea(attrs={"rows": 3}), **texts)


def _file(*, options: Options, nothing: Options, **texts: Any) -> forms.Field:
    texts["help_text"] = texts["help_text"] or _("A link, as Feishu gives it to the partner")
    return forms.URLField(assume_scheme="https", initial=A_FILE, max_length=VALUE_MAX, **texts)


FIELDS_BY_TYPE: dict[str, Callable[..., forms.Field]] = {
    "text": _line,
    "textarea": _lines,
    "number": _number,
    "boolean": _yes_or_no,
    "select": _choice,
    "multiselect": _choices,
    "date": _day,
    "file": _file,
    "resume": _file,
}


def _as_sent(value: Any) -> str:
    """As text: how Feishu writes other types is not documented (contract 4.10)."""
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, date):
        return str(
            round(datetime.combine(value, time(), tzinfo=timezone.get_current_timezone()).timestamp() * 1000)
        )
    return str(value)
