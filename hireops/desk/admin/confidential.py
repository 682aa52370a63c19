"""Rows of which some people see only that they are there."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from hireops.desk.actions import StaffAction
from hireops.desk.admin.base import MirrorAdmin
from hireops.desk.staff import Reader


class ConfidentialAdmin(MirrorAdmin):
    """To who may not see what a row is about, ``about`` is empty in the list, and no action is offered.

    What the page of such a row shows is decided by the class itself, by ``is_hidden``.
    """

    about: str  # a column of list_display

    def is_hidden_from(self, reader: Reader) -> Callable[[Any], bool]:
        """Whether a row is one of those."""
        raise NotImplementedError

    def is_hidden(self, request: HttpRequest, row: Any) -> bool:
        return row is not None and self.is_hidden_from(request.user)(row)

    def get_list_display(self, request: HttpRequest) -> Any:
        is_hidden = self.is_hidden_from(request.user)

        def about(row: Any) -> Any:
            return None if is_hidden(row) else getattr(row, self.about)

        about.__name__ = self.about
        shown = admin.display(description=self.opts.get_field(self.about).verbose_name)(about)  # type: ignore[union-attr]
        return [shown if column == self.about else column for column in super().get_list_display(request)]

    def offered_actions(self, request: HttpRequest, obj: Any) -> list[StaffAction]:
        return [] if self.is_hidden(request, obj) else super().offered_actions(request, obj)
