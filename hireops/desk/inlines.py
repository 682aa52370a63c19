"""Rows of another table on an object's page, to look at only."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from hireops.desk.mirrors import NobodyEdits

if TYPE_CHECKING:
    _TabularInline = admin.TabularInline[Any, Any]
    _InlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    _TabularInline = admin.TabularInline
    _InlineFormSet = BaseInlineFormSet


class LabelledFormSet(_InlineFormSet):
    """Of a table of fields: each is called what its column is, also for who hears the page."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for shown in form.visible_fields():
            shown.field.widget.attrs.setdefault("aria-label", str(shown.label))


class NewestFormSet(_InlineFormSet):
    """The rows with the highest ids, oldest of them first."""

    newest: int | None = None
    has_older = False
    _rows: list[Model] | None = None

    def get_queryset(self) -> Any:
        if self.newest is None:
            return super().get_queryset()
        if self._rows is None:
            rows = list(super().get_queryset().order_by("-pk")[: self.newest + 1])
            self.has_older = len(rows) > self.newest
            self._rows = rows[: self.newest][::-1]
        return self._rows


class MirrorInline(NobodyEdits, _TabularInline):
    """Who may see the object sees these rows; nobody adds, changes or deletes one.

    Of a long list only the ``newest`` rows are read and shown, and a line says so; None shows all.
    """

    extra = 0
    newest: int | None = 50
    template = "admin/desk/mirror_inline.html"

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        newest = type("Newest", (NewestFormSet,), {"newest": self.newest})
        return super().get_formset(request, obj, **{"formset": newest, **kwargs})

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields or ()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True
