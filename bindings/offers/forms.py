"""Forms of the catalogue, and of choosing what is offered to whom."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.accounts.admin import OF_SCOPE
from bindings.keys import in_other_case
from bindings.models import (
    AdditionalItem,
    CheckPackage,
    Customer,
    EcoAccount,
    ExamPaper,
    Offer,
    Scope,
    StageTemplate,
)
from bindings.offers import choosing, stages
from bindings.offers.choosing import Choice, Recipient
from bindings.offers.models import PACKAGE_CODE, Item
from hireops.desk.fields import name_both_parts
from hireops.desk.forms import UntouchedStays
from hireops.desk.inlines import LabelledFormSet

TEXT = {"class": "vTextField"}

if TYPE_CHECKING:
    _StageForm = forms.ModelForm[StageTemplate]
    _ItemsField = forms.ModelMultipleChoiceField[Any]
else:
    _StageForm = forms.ModelForm
    _ItemsField = forms.ModelMultipleChoiceField


class PaperForm(UntouchedStays):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("start_time", "end_time"):
            if name in self.fields:  # not on a page that is only looked at
                name_both_parts(self.fields[name])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        start, end = self.cleaned_data.get("start_time"), self.cleaned_data.get("end_time")
        if start and end and start >= end:
            self.add_error("end_time", _("The paper has to end after it starts."))
        return cleaned


class StageFormSet(LabelledFormSet):
    """The usual stages of a package; a new one begins with those that any package has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pk: int | None = self.instance.pk
        if pk is None:
            self.initial_extra = stages.usual()
            self.extra = len(self.initial_extra)

    def save_new(self, form: Any, commit: bool = True) -> StageTemplate:  # noqa: FBT001, FBT002 - Django's
        if form.cleaned_data.get("position") is None:
            form.instance.position = stages.next_position(self.instance)
        saved: StageTemplate = super().save_new(form, commit)
        return saved

    def save_existing(self, form: Any, obj: StageTemplate, commit: bool = True) -> StageTemplate:  # noqa: FBT001, FBT002
        if form.cleaned_data.get("position") is None:
            obj.position = stages.next_position(self.instance)
        saved: StageTemplate = super().save_existing(form, obj, commit)
        return saved


class StageForm(_StageForm):
    """What is proposed for a new package is taken as it stands; one without a place comes last."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].required = False
        if kwargs.get("instance") is None and "position" not in (kwargs.get("initial") or {}):
            self.initial["position"] = None

    def has_changed(self) -> bool:
        pk: int | None = self.instance.pk
        proposed = pk is None and bool(self.initial.get("name"))
        return proposed or super().has_changed()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("stops_clock") and self.cleaned_data.get("turn") == "vendor":
            self.add_error("stops_clock", _("While it is our turn, the clock can't stop."))
        return cleaned


class CopyForm(forms.Form):
    """The code and name of a copy."""

    code = forms.RegexField(
        PACKAGE_CODE,
        label=gettext_lazy("code"),
        max_length=28,
        widget=forms.TextInput(attrs=TEXT),
        error_messages={"invalid": gettext_lazy("Use 1 to 28 letters A-Z, digits and the signs _ . -")},
        help_text=gettext_lazy("Our own name for it, such as basic. Feishu and orders name it by that."),
    )
    name = forms.CharField(label=gettext_lazy("name"), max_length=100, widget=forms.TextInput(attrs=TEXT))

    def __init__(self, *args: Any, model: type[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._model = model

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        there = self._model._default_manager.filter(code__iexact=code)  # noqa: SLF001  public API
        if other := there.values_list("code", flat=True).first():
            raise ValidationError(
                _("There is one with this code already.") if other == code else in_other_case(other)
            )
        return code


# --- Who is offered a thing, and what somebody is offered


class ChangesForm(forms.Form):
    """Boxes that are ticked and cleared. Only what this person has changed counts, whatever others have
    chosen meanwhile: each field is sent along as it was shown."""

    def _add(self, name: str, field: Any, chosen: Iterable[Any]) -> None:
        field.required, field.show_hidden_initial = False, True
        self.fields[name], self.initial[name] = field, list(chosen)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._shown: dict[str, list[Any]] = {}
        for name, field in self.fields.items():
            box: Any = field.hidden_widget()
            shown = box.value_from_datadict(self.data, self.files, self.add_initial_prefix(name))
            self._shown[name] = list(field.clean(shown))
        return cleaned

    def _changes(self) -> Iterator[tuple[list[Any], list[Any]]]:
        """Of each field what was added, and what was taken out."""
        for name in self.fields:
            before, after = self._shown[name], list(self.cleaned_data[name])
            yield (
                [each for each in after if each not in before],
                [each for each in before if each not in after],
            )


class FoundByTyping(AutocompleteSelectMultiple):
    """``asked`` is the query string for the admin class that finds the rows."""

    asked = ""

    def get_url(self) -> str:
        return f"{super().get_url()}{self.asked}"

    @property
    def media(self) -> forms.Media:
        return super().media + forms.Media(js=["desk/autocomplete.js"])


def _found_by_typing(
    column: str, queryset: QuerySet[Any], of_scope: Scope | None = None, **texts: Any
) -> Any:
    widget = FoundByTyping(Offer._meta.get_field(column), admin.site)  # noqa: SLF001  public API
    widget.asked = f"?{OF_SCOPE}={of_scope}" if of_scope else ""
    return forms.ModelMultipleChoiceField(queryset, widget=widget, **texts)


class OfferedToForm(ChangesForm):
    """To whom one thing of the catalogue is offered."""

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item = item
        offers = list(item.offers.all())
        tiers = forms.MultipleChoiceField(
            label=gettext_lazy("Tiers"),
            choices=[(tier, tier) for tier in choosing.tiers()],
            widget=forms.CheckboxSelectMultiple,
            help_text=gettext_lazy(
                "All accounts of all customers of the tier, also of those that come later."
            ),
        )
        customers = _found_by_typing(
            "customer",
            Customer.objects.all(),
            label=gettext_lazy("Customers"),
            help_text=gettext_lazy("All accounts of the customer, also those that come later."),
        )
        accounts = _found_by_typing(
            "account",
            EcoAccount.objects.filter(scope=item.scope),
            of_scope=item.scope,
            label=gettext_lazy("Single accounts"),
            help_text=gettext_lazy("Just this account, whoever it is bound to."),
        )
        accounts.error_messages["invalid_choice"] = gettext_lazy(
            "One of these accounts can't have it: exam accounts offer papers, the others packages and items."
        )
        self._add("tiers", tiers, [offer.tier for offer in offers if offer.tier])
        self._add("customers", customers, [offer.customer_id for offer in offers if offer.customer_id])
        self._add("accounts", accounts, [offer.account_id for offer in offers if offer.account_id])

    def choices(self) -> tuple[list[Choice], list[Choice]]:
        """What is to be offered, and what is to be withdrawn."""
        changes = list(self._changes())
        return (
            [Choice(self.item, to) for added, _removed in changes for to in added],
            [Choice(self.item, to) for _added, removed in changes for to in removed],
        )


class ItemsField(_ItemsField):
    """Things of the catalogue to tick, each with what is in it and what else is to be known."""

    def __init__(self, *args: Any, notes: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.CheckboxSelectMultiple, **kwargs)
        self.notes = notes

    def label_from_instance(self, obj: Any) -> str:
        note = self.notes.get(obj.pk, "")
        return format_html(
            "<b>{}</b> <code>{}</code>{}{}",
            obj.name,
            obj.code,
            format_html('<span class="help">{}</span>', obj.description) if obj.description else "",
            format_html('<span class="offer-note">{}</span>', note) if note else "",
        )


class OfferedWhatForm(ChangesForm):
    """What is offered to one account, customer or tier by itself."""

    def __init__(self, *args: Any, to: Recipient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.to = to
        offers = Offer.objects.filter(**choosing.recipient(to)).select_related("package", "item", "paper")
        offered = [offer.offered for offer in offers]
        for name, model, label in KINDS:
            if isinstance(to, EcoAccount) and not choosing.fits(model(), to):
                continue
            chosen = [item.pk for item in offered if isinstance(item, model)]
            there = model._default_manager.filter(Q(archived=False) | Q(pk__in=chosen))  # noqa: SLF001
            field = ItemsField(there, label=label, notes=choosing.notes(to, model))
            self._add(name, field, chosen)

    def choices(self) -> tuple[list[Choice], list[Choice]]:
        """What is to be offered, and what is to be withdrawn."""
        changes = list(self._changes())
        return (
            [Choice(item, self.to) for added, _removed in changes for item in added],
            [Choice(item, self.to) for _added, removed in changes for item in removed],
        )


KINDS: tuple[tuple[str, type[Item], Any], ...] = (
    ("packages", CheckPackage, gettext_lazy("Check packages")),
    ("items", AdditionalItem, gettext_lazy("Additional items")),
    ("papers", ExamPaper, gettext_lazy("Exam papers")),
)
