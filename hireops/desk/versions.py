"""Detection of lost updates: a change form carries a digest of each value that it showed.

Whoever saves a form whose values somebody has changed meanwhile gets it back: with what they typed, with the
values as they are now where they typed nothing, and with what has changed. Saving it again decides.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import BaseForm, CheckboxInput, Field, MultiWidget
from django.forms.formsets import INITIAL_FORM_COUNT, TOTAL_FORM_COUNT
from django.forms.models import BaseModelFormSet
from django.http import HttpRequest, QueryDict
from django.utils.crypto import salted_hmac
from django.utils.datastructures import MultiValueDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from hireops.database.locks import advisory_lock
from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    AnyFormSet = BaseModelFormSet[Any, Any]
else:
    _ModelAdmin = admin.ModelAdmin
    AnyFormSet = BaseModelFormSet

VERSION = "version"  # the hidden input of a change form
SALT = "hireops.desk.versions"
DIGITS = 12
ENTRIES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ShownForm:
    """One row on a change form: the object itself (``prefix`` is empty), or a row of an inline."""

    prefix: str
    row: Any
    form: BaseForm

    @property
    def key(self) -> str:
        return f"{self.prefix}:{self.row.pk}" if self.prefix else ""

    def values(self) -> Iterator[tuple[str, Field, Any]]:
        for name, field in self.form.fields.items():
            value = field.prepare_value(self.form.get_initial_for_field(field, name))
            yield name, field, sorted(value, key=str) if isinstance(value, list | tuple) else value


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """``row`` names the row of an inline; ``now`` is empty for one that is gone."""

    row: str
    label: str
    now: str


@dataclass(frozen=True, slots=True)
class EditConflict:
    """Who has edited the object since the form was opened, and which of its values are others now."""

    entries: Sequence[AuditEntry]
    changed: Sequence[ChangedValue]


class VersionedAdmin(_ModelAdmin):
    """Refuses to save a change form whose values somebody has changed since it was shown."""

    def refuse_stale(self, request: HttpRequest, object_id: str) -> None:
        """Raise ``Refused`` for a form that is out of date. The transaction then holds the object's turn."""
        advisory_lock(f"edit of {self.opts.label} {object_id}")
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_change_permission(request, obj):
            return
        fields = flatten_fieldsets(self.get_fieldsets(request, obj))
        form = self.get_form(request, obj, change=True, fields=fields)(instance=obj)
        formsets = [
            formset(instance=obj, queryset=inline.get_queryset(request))
            for formset, inline in self.get_formsets_with_inlines(request, obj)
        ]
        asked: Any = request
        asked.version = _version_of(obj, form, formsets)
        sent = request.POST.copy()
        asked.edit_conflict = _conflict_of(sent, obj, form, formsets)
        if asked.edit_conflict:
            asked.POST = sent
            raise Refused(
                _(
                    "Nothing was saved: this has been changed since you opened the page. What you have typed "
                    "is still here. Look at what has changed, then save again to keep what stands here."
                )
            )

    def version_context(self, request: HttpRequest, obj: Any, context: dict[str, Any]) -> dict[str, Any]:
        """For the template of a change form; its ``context`` has the forms."""
        if not self.has_change_permission(request, obj):
            return {}
        formsets = [each.formset for each in context["inline_admin_formsets"]]
        version = getattr(request, "version", "") or request.POST.get(VERSION, "")
        version = version or _version_of(obj, context["adminform"].form, formsets)
        return {"version": version, "edit_conflict": getattr(request, "edit_conflict", None)}


def _version_of(obj: Model, form: BaseForm, formsets: Iterable[AnyFormSet]) -> str:
    """Return the token for the values of these forms, which show ``obj``."""
    digests = {each.key: _digests(each) for each in _shown(obj, form, formsets)}
    newest = entries_about(obj).values_list("pk", flat=True).first()
    return signing.dumps({"entry": newest or 0, "digests": digests}, salt=SALT, compress=True)


def _conflict_of(
    sent: QueryDict, obj: Model, form: BaseForm, formsets: Iterable[AnyFormSet]
) -> EditConflict | None:
    """Compare what was shown with the unbound forms of ``obj`` as it is now.

    None if nothing has changed, or without a token of ours. What was sent untouched becomes what is now.
    """
    try:
        shown = signing.loads(sent.get(VERSION, ""), salt=SALT)
    except signing.BadSignature:
        return None
    now = {each.key: each for each in _shown(obj, form, formsets)}
    changed = [
        value
        for key, digests in shown["digests"].items()
        for value in _changed(sent, key, now.get(key), digests)
    ]
    if not changed:
        return None
    entries = entries_about(obj).filter(pk__gt=shown["entry"])[:ENTRIES_SHOWN]
    return EditConflict(list(entries), changed)


def _shown(obj: Model, form: BaseForm, formsets: Iterable[AnyFormSet]) -> Iterator[ShownForm]:
    yield ShownForm("", obj, form)
    for formset in formsets:
        for each in formset.initial_forms:
            yield ShownForm(str(formset.prefix), each.instance, each)


def _digests(shown: ShownForm) -> dict[str, str]:
    return {name: _digest(value) for name, _field, value in shown.values()}


def _digest(value: Any) -> str:
    return salted_hmac(SALT, json.dumps(value, default=str)).hexdigest()[:DIGITS]


def _changed(
    sent: QueryDict, key: str, now: ShownForm | None, digests: Mapping[str, str]
) -> Iterator[ChangedValue]:
    sent_as = _sent_as(sent, key)
    if now is None:
        _drop_row(sent, sent_as)
        yield ChangedValue(_("a row"), _("removed"), "")
        return
    row = str(now.row) if now.prefix else ""
    for name, field, value in now.values():
        if name in digests and digests[name] != _digest(value):
            sent_name = f"{sent_as}-{name}" if sent_as else name
            if _is_untouched(sent, sent_name, field, digests[name]):
                _put(sent, sent_name, field.widget, value)
            yield ChangedValue(row, capfirst(str(field.label or name)), _in_words(field, value))


def _sent_as(sent: Any, key: str) -> str:
    """Return the prefix under which the row of ``key`` was sent; empty for the object itself."""
    prefix, _colon, pk = key.partition(":")
    total = sent.get(f"{prefix}-{TOTAL_FORM_COUNT}", "0")
    numbers = range(int(total) if total.isdecimal() else 0)
    return next((f"{prefix}-{each}" for each in numbers if sent.get(f"{prefix}-{each}-id") == pk), prefix)


def _drop_row(sent: Any, sent_as: str) -> None:
    """Without a row of the database its form could never be saved."""
    prefix, _dash, dropped = sent_as.rpartition("-")
    if not dropped.isdecimal():
        return
    rows = re.compile(rf"(initial-)?{re.escape(prefix)}-([0-9]+)-(.+)")
    found = sorted(filter(None, map(rows.fullmatch, list(sent))), key=lambda each: int(each[2]))
    for each in found:
        number, values = int(each[2]), sent.getlist(each[0])
        if number >= int(dropped):
            del sent[each[0]]
        if number > int(dropped):
            sent.setlist(f"{each[1] or ''}{prefix}-{number - 1}-{each[3]}", values)
    for count in (TOTAL_FORM_COUNT, INITIAL_FORM_COUNT):
        sent[f"{prefix}-{count}"] = str(int(sent[f"{prefix}-{count}"]) - 1)


def _is_untouched(sent: QueryDict, name: str, field: Field, digest: str) -> bool:
    try:
        typed = field.clean(field.widget.value_from_datadict(sent, MultiValueDict(), name))
    except ValidationError:
        return False
    value = field.prepare_value(typed)
    return _digest(sorted(value, key=str) if isinstance(value, list | tuple) else value) == digest


def _put(sent: Any, name: str, widget: Any, value: Any) -> None:
    """Write ``value`` as a browser sends it, also as the value that was shown (``show_hidden_initial``)."""
    for each in (name, f"initial-{name}"):
        if isinstance(widget, MultiWidget):
            named: Any = widget
            parts = zip(named.widgets, named.widgets_names, named.decompress(value), strict=True)
            for part, suffix, piece in parts:
                sent[f"{each}{suffix}"] = part.format_value(piece) or ""
        elif isinstance(value, list):
            sent.setlist(each, [str(one) for one in value])
        elif isinstance(widget, CheckboxInput) and each == name and not value:
            sent.pop(each, None)
        else:
            sent[each] = "" if value is None else str(value)


def _in_words(field: Any, value: Any) -> str:
    """As the form shows it: the label of a choice, *yes* or *no*."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    labels = {str(key): str(label) for key, label in _choices(getattr(field, "choices", ()))}
    values = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(str(each), str(each)) for each in values if each not in {None, ""}) or "–"


def _choices(choices: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield key, label
