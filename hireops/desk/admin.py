"""The base of every admin page here, and the pages of the desk itself: audit, users, roles."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.desk.actions import StaffAction, StaffActionsAdmin, staff_action
from hireops.desk.audit import entries_about, record
from hireops.desk.display import linked, pretty_json, state_badge
from hireops.desk.errors import Refused
from hireops.desk.lists import ExactSearchAdmin, QuickChangeList, different_values
from hireops.desk.models import AuditEntry
from hireops.desk.paging import AnyPaginator, UncountedPaginator, page_asked

__all__ = [
    "MirrorAdmin",
    "StaffAction",
    "StaffAdmin",
    "UncountedPaginator",
    "linked",
    "pretty_json",
    "staff_action",
    "state_badge",
]

if TYPE_CHECKING:
    _MultipleChoiceField = forms.ModelMultipleChoiceField[Permission]
    _UserAdmin = UserAdmin[User]
else:
    _MultipleChoiceField = forms.ModelMultipleChoiceField
    _UserAdmin = UserAdmin

HISTORY_SHOWN = 200
COMPARISONS = {"exact", "gte", "id", "in", "isnull", "lt"}  # those of Django's list filters


class StaffAdmin(StaffActionsAdmin, ExactSearchAdmin):
    """Base of every admin page: quick on large tables, and what is edited here is audited.

    A service that is called while a form is saved or an object deleted may raise ``Refused``: nothing is
    changed then, and the person reads why.
    """

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would be a COUNT(*)
    paginator = UncountedPaginator
    # Columns that other pages link by, beside those of list_filter: "account" for ``?account__exact=3``.
    linked_by: Sequence[str] = ()
    # True where the services that do the edits write better audit entries, e.g. with the values of before.
    edits_are_audited_by_services = False

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> AnyPaginator:
        paginator = super().get_paginator(request, queryset, *args, **kwargs)
        if isinstance(paginator, UncountedPaginator):
            # "p" is a list's page, "page" that of an autocomplete field
            paginator.page_asked = page_asked(request.GET.get("p") or request.GET.get("page"))
        return paginator

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QuickChangeList

    # --- What an address may ask for

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What a filter or a link of ours asks for.

        Django would compare any column of the table with any text, so that who may not see a mobile number
        could find it out digit by digit.
        """
        filters = self.get_list_filter(request) if request else self.list_filter
        return _column_of(lookup) in {*map(_filtered_column, filters), *self.linked_by}

    # --- What services refuse

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        return self._tell_refusal(
            request,
            lambda: super(StaffAdmin, self).changelist_view(request, context),
            request.get_full_path(),
        )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._tell_refusal(
            request,
            lambda: super(StaffAdmin, self).changeform_view(request, *args, **kwargs),
            request.get_full_path(),
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._tell_refusal(
            request,
            lambda: super(StaffAdmin, self).delete_view(request, object_id, extra_context),
            self._url("change", object_id),
        )

    def _tell_refusal(
        self, request: HttpRequest, view: Callable[[], HttpResponse], back: str
    ) -> HttpResponse:
        """The response of ``view``. Its transaction is rolled back if a service refuses what was sent."""
        if request.method != "POST":
            return view()
        try:
            return view()
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(back)

    # --- One object

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if kwargs.get("obj") is not None:
            context |= {"title": str(kwargs["obj"]), "subtitle": self.opts.verbose_name}
        return super().render_change_form(request, context, *args, **kwargs)

    # Not Django's own log beside the audit: nobody sees it, and it knows less.

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._audit(request, gettext_noop("added"), obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._audit(request, gettext_noop("changed"), obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            self._audit(request, gettext_noop("deleted"), obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The object's audit entries: edits made here and everything that services recorded."""
        obj = self.get_object(request, object_id)
        entries = entries_about(obj)[:HISTORY_SHOWN] if obj else []
        return super().history_view(request, object_id, {"entries": entries, **(extra_context or {})})

    def _audit(self, request: HttpRequest, action: str, obj: Model, message: Any = "") -> None:
        if self.edits_are_audited_by_services:
            return
        assert isinstance(request.user, User)  # noqa: S101  the admin lets nobody else in
        record(by=request.user, action=action, on=obj, **({"changes": message} if message else {}))


def _column_of(lookup: str) -> str:
    """``tenant__id__exact`` is ``tenant``."""
    parts = lookup.split("__")
    while len(parts) > 1 and parts[-1] in COMPARISONS:
        parts.pop()
    return "__".join(parts)


def _filtered_column(list_filter: Any) -> str:
    """What the address says for a filter: its column, or the word that it has chosen for itself."""
    if isinstance(list_filter, tuple | list):
        return str(list_filter[0])
    return _column_of(getattr(list_filter, "parameter_name", list_filter))


class MirrorAdmin(StaffAdmin):
    """Rows that mirror what happened elsewhere. Nobody edits them here, not even a superuser.

    There may be millions, so they have one order; name columns with an index in ``sortable_by`` for more.
    """

    sortable_by = ()

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ActionFilter(admin.SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        actions = different_values(AuditEntry, "action")
        return [(action, AuditEntry(action=action).action_label) for action in actions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(MirrorAdmin):
    list_display = ("at", "actor_shown", "action_shown", "target_type", "target_label", "reason")
    list_filter = (("at", admin.DateFieldListFilter), ActionFilter)
    list_select_related = ("actor", "target_type")
    exact_search_fields = ("actor_name", "target_id")
    search_help_text = _("User name or object ID, in full")
    fields = ("at", "actor_shown", "action_shown", "target_type", "target_shown", "reason", "details_shown")

    @admin.display(description=_("user"))
    def actor_shown(self, entry: AuditEntry) -> str:
        return entry.actor_name or "hireops"

    @admin.display(description=_("action"))
    def action_shown(self, entry: AuditEntry) -> str:
        return entry.action_label

    @admin.display(description=_("object"))
    def target_shown(self, entry: AuditEntry) -> str:
        model = entry.target_type.model_class()
        target = model._base_manager.filter(pk=entry.target_id).first() if model else None  # noqa: SLF001  public API
        return linked(target, entry.target_label) if target else entry.target_label

    @admin.display(description=_("details"))
    def details_shown(self, entry: AuditEntry) -> SafeString:
        return pretty_json(entry.details)


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
