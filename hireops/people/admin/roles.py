"""The pages of roles."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk import rights
from hireops.desk.staff import staff
from hireops.people import payout_permissions
from hireops.people.admin.rights import RightsAdmin, RightsChoice, table_in_words

if TYPE_CHECKING:
    _MultipleChoiceField = forms.ModelMultipleChoiceField[Permission]
else:
    _MultipleChoiceField = forms.ModelMultipleChoiceField

admin.site.unregister(Group)


class _ByNoun(ModelChoiceIterator):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Any]:
        for noun in rights.by_noun(self.queryset):
            yield (noun.app, noun.name), [(permission.pk, word) for permission, word in noun.rights]


class PermissionField(_MultipleChoiceField):
    """Permissions as a table of check boxes by noun, in the reader's language."""

    widget = RightsChoice
    iterator = _ByNoun


@admin.register(Group)
class RoleAdmin(RightsAdmin, GroupAdmin):
    """Roles and what they may do. Permissions that no page of ours asks for are left out.

    Nobody edits a role that he has, and only a superuser one that lets people approve or pay.
    """

    help_page = "people#roles"

    empty_list = _(
        "A role says what the people who have it may do. Add one, and give it to people on their pages."
    )
    filter_horizontal = ()
    change_form_template = "admin/auth/role.html"
    UNUSED_MODELS = ("permission", "accesstoken", "appticket", "quotaslot")
    UNUSED_APPS = ("account", "admin", "contenttypes", "mfa", "sessions", "socialaccount")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["name", "permissions"]})]
        shown = (None, {"fields": ["name", "permissions_shown"]})
        if not self.has_change_permission(request, obj):
            return [shown]
        boxes = {"fields": ["permissions"], "classes": ["collapse"]}
        return [shown, (_("Change what this role may do"), boxes)]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("permissions_shown",)

    @admin.display(description=_("what this role may do"))
    def permissions_shown(self, role: Group) -> SafeString:
        return table_in_words(role.permissions.select_related("content_type"))

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        offered = Permission.objects.exclude(content_type__app_label__in=self.UNUSED_APPS)
        offered = offered.exclude(content_type__model__in=self.UNUSED_MODELS).select_related("content_type")
        if request and not request.user.is_superuser:
            offered = offered.exclude(pk__in=payout_permissions.rows())
        return PermissionField(queryset=offered, required=False, label=_("permissions"))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and not self._why_not(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not self._why_not(request, obj)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        people = obj.user_set.filter(is_active=True).order_by("username")
        sees_people = request.user.has_perm("auth.view_user")
        return {"why_not": self._why_not(request, obj), "people": people if sees_people else ()}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        self.remember_rights(request, _permissions_of(obj) if change else [])
        super().save_model(request, obj, form, change)

    def rights_of(self, obj: Any) -> list[str]:
        return _permissions_of(obj)

    def _why_not(self, request: HttpRequest, role: Any) -> str:
        if role is None or not isinstance(role, Group):
            return ""
        if role.user_set.contains(staff(request)):
            return gettext("You have this role yourself, so somebody else changes what it may do.")
        if not request.user.is_superuser and payout_permissions.are_carried_by([role]):
            return gettext("Who has this role can approve or pay, so only a superuser changes it.")
        return ""


def _permissions_of(role: Group) -> list[str]:
    rows = role.permissions.select_related("content_type").order_by("content_type__app_label", "codename")
    return [rights.name_of(permission) for permission in rows]
