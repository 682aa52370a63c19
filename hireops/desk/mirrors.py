"""What admin pages and inlines of mirrored rows have in common."""

from django.db.models import Model
from django.http import HttpRequest


class NobodyEdits:
    """Before Django's class, which asks these: nobody adds, changes or deletes a row, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
