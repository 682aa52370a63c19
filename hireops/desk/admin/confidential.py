"""Rows of which some people see only that they are there."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from hireops.desk.actions import StaffAction
from hireops.desk.admin.base import MirrorAdmin
from hireops.desk.confirming import Column
from hireops.desk.ownership import Seen
from hireops.desk.staff import Reader


class ConfidentialAdmin(MirrorAdmin):
    """To who may not see what a row is about, ``about`` is empty in the list, no action is offered, and its
    history, in which staff write in their own words, is not there.

    What the page of such a row shows is decided by the class itself, by ``is_hidden``.
    """

    about: str  # a column of list_display
    kind: str  # the column with the name of a row's kind, which has an owner

    def seen_by(self, reader: Reader) -> Seen:
        """The kinds of rows of which ``reader`` sees more."""
        raise NotImplementedError

    def is_hidden(self, request: HttpRequest, row: Any) -> bool:
        return row is not None and getattr(row, self.kind) not in self.seen_by(request.user)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {**super().page_context(request, obj), "history_is_hidden": self.is_hidden(request, obj)}

    def rows_to_find(self, request: HttpRequest) -> QuerySet[Any]:
        return super().rows_to_find(request).filter(self.seen_by(request.user).among(self.kind))

    def get_list_display(self, request: HttpRequest) -> Any:
        seen = self.seen_by(request.user)

        def about(row: Any) -> Any:
            return getattr(row, self.about) if getattr(row, self.kind) in seen else None

        about.__name__ = self.about
        shown = admin.display(description=self.opts.get_field(self.about).verbose_name)(about)  # type: ignore[union-attr]
        return [shown if column == self.about else column for column in super().get_list_display(request)]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.is_hidden(request, self.get_object(request, unquote(object_id))):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def is_offered(self, request: HttpRequest, action: StaffAction, obj: Any) -> bool:
        return not self.is_hidden(request, obj) and super().is_offered(request, action, obj)

    def why_not(self, request: HttpRequest, action: StaffAction, obj: Any) -> str:
        if self.is_hidden(request, obj):
            return gettext("Your role does not include seeing what this is about.")
        return super().why_not(request, action, obj)

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [*super().confirm_columns(request, action, objects), self.about_column(request)]

    def about_column(self, request: HttpRequest) -> Column:
        """What each row is about, for who may see that."""

        def about(row: Any) -> Any:
            return "" if self.is_hidden(request, row) else getattr(row, self.about)

        return Column(self.opts.get_field(self.about).verbose_name, about)  # type: ignore[union-attr]
