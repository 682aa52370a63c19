"""The pages of users and roles."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin.base import StaffAdmin

if TYPE_CHECKING:
    _MultipleChoiceField = forms.ModelMultipleChoiceField[Permission]
    _UserAdmin = UserAdmin[User]
else:
    _MultipleChoiceField = forms.ModelMultipleChoiceField
    _UserAdmin = UserAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


class PermissionField(_MultipleChoiceField):
    """Permissions as check boxes with names in the reader's language; the database has them in English."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, permission: Any) -> str:
        stock = {
            f"add_{permission.content_type.model}": gettext("add"),
            f"change_{permission.content_type.model}": gettext("change"),
            f"delete_{permission.content_type.model}": gettext("delete"),
            f"view_{permission.content_type.model}": gettext("view"),
        }
        return f"{permission.content_type}: {stock.get(permission.codename) or gettext(permission.name)}"


@admin.register(User)
class StaffUserAdmin(StaffAdmin, _UserAdmin):
    """People. Their roles say what they may do; only a superuser touches the accounts of superusers."""

    list_display = ("username", "full_name", "roles", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    fieldsets = (
        (None, {"fields": ("username", "password", "last_name", "first_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    filter_horizontal = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        if request.user.is_superuser:
            return ("last_login", "date_joined")
        # Who hands out rights does not hand them to himself.
        of_oneself = ("groups", "is_active") if obj == request.user else ()
        return ("last_login", "date_joined", "is_superuser", *of_oneself)

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(
            db_field, request, **kwargs, widget=forms.CheckboxSelectMultiple, help_text=""
        )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._within_reach(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._within_reach(request, obj) and super().has_delete_permission(request, obj)

    @admin.display(description=_("full name"))
    def full_name(self, user: User) -> str:
        parts = (user.last_name, user.first_name)
        return " ".join(reversed(parts)).strip() if "".join(parts).isascii() else "".join(parts)

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return "、".join(group.name for group in user.groups.all())

    def _within_reach(self, request: HttpRequest, obj: Model | None) -> bool:
        return request.user.is_superuser or not getattr(obj, "is_superuser", False)


@admin.register(Group)
class RoleAdmin(StaffAdmin, GroupAdmin):
    """Roles and what they may do. Permissions that no page of ours asks for are left out."""

    filter_horizontal = ()
    UNUSED_APPS = ("admin", "contenttypes", "sessions")

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        offered = Permission.objects.exclude(content_type__app_label__in=self.UNUSED_APPS)
        offered = offered.exclude(content_type__model="permission").select_related("content_type")
        return PermissionField(queryset=offered, required=False, label=_("permissions"))
