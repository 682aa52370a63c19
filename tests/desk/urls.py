"""A desk of its own: roles carry actions, permissions ask a service that refuses, kinds of objects mirror."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import ngettext_lazy

from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, StaffAdmin, staff_action, staff_page
from hireops.desk.confirming import Amount
from hireops.desk.errors import Refused
from hireops.desk.inlines import MirrorInline
from hireops.desk.site import Desk
from hireops.desk.staff import staff
from hireops.desk.views import choose_language, healthz, readyz


@staff_action(
    permission="auth.change_group", label="Close", confirm="These roles will be closed.", reason_required=True
)
def close(group: Group, *, by: User, reason: str) -> None:
    if group.name.endswith("(closed)"):
        raise Refused("It is closed already.")
    if "jammed" in group.name:
        raise ValueError("with a secret in it")
    group.name = f"{group.name} {reason} (closed)"
    group.save()


@staff_action(
    permission="auth.delete_group",
    label="Wipe",
    confirm="These roles will be wiped.",
    dangerous=True,
    offered=lambda group: group.name.endswith("(closed)"),
)
def wipe(group: Group, *, by: User, reason: str) -> None:
    group.delete()


@staff_action(
    permission="auth.change_group",
    label="Pay",
    confirm="These roles will be paid.",
    offered=lambda group: "owes" in group.name,
    why_not=lambda group, by: "It is away." if "away" in group.name else "",
    counted=ngettext_lazy("Pay %(count)s debt", "Pay %(count)s debts", "count"),
    names_sum=True,
)
def pay(group: Group, *, by: User, reason: str) -> None:
    if "owes" not in group.name:
        raise Refused("It owes nothing.")
    group.name = f"{group.name.split(' owes ')[0]} paid {reason}"
    group.save()


class RoleAdmin(StaffAdmin):
    """Roles named like ``Ann owes 12.50 CNY`` are about so much money."""

    empty_list = "What people may do. Begin with a role."
    list_display = ("name",)
    search_fields = ("name",)
    staff_actions = (close, wipe, pay)

    def confirm_amounts(self, action: StaffAction, obj: Group) -> Iterator[Amount]:
        _whose, owes, debt = obj.name.partition(" owes ")
        if owes:
            amount, kind = debt.split()
            yield kind, Decimal(amount)


class PermissionAdmin(StaffAdmin):
    """A service does what is edited here, and refuses it for names with "fixed"."""

    list_display = ("id", "name")
    list_editable = ("name",)
    exact_search_fields = ("codename",)
    search_fields = ("name",)
    edits_are_audited_by_services = True

    def save_model(self, request: HttpRequest, obj: Permission, form: Any, change: bool) -> None:
        if "fixed" in obj.name:
            raise Refused("It is fixed.")
        obj.save()

    def delete_model(self, request: HttpRequest, obj: Permission) -> None:
        raise Refused("It is needed.")


class PermissionInline(MirrorInline):
    model = Permission
    fields = ("codename",)
    newest = 2


class ContentTypeAdmin(MirrorAdmin):
    list_display = ("model", "app_label")
    ids = ("app_label",)
    exact_search_fields = ("model", "permission__codename")
    inlines = (PermissionInline,)


@staff_action(
    permission="auth.change_user",
    label="Greet",
    confirm="These people will be greeted.",
    template="admin/referrals/referralaccount/deactivate.html",
)
def greet(person: User, *, by: User, reason: str) -> None:
    person.first_name = f"greeted by {by}"
    person.save()


class PersonAdmin(MirrorAdmin):
    """All hooks of the base."""

    list_display = ("username", "first_name", "is_staff")
    list_filter = ("is_staff", "groups")
    linked_by = ("is_superuser",)
    sortable_by = ("username", "first_name")
    ordering = ("username",)
    exact_search_fields = ("username",)
    staff_actions = (greet,)

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"looking": f"{request.user} at all"}

    def page_context(self, request: HttpRequest, obj: User) -> dict[str, Any]:
        titled = {"title": "The boss"} if obj.username == "boss" else {}
        return {"looking": f"{request.user} at {obj}", **titled}

    def is_offered(self, request: HttpRequest, action: StaffAction, obj: User) -> bool:
        return obj != request.user and super().is_offered(request, action, obj)

    def confirmation_context(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[User]
    ) -> dict[str, Any]:
        return {"left": f"{action.name}: {', '.join(map(str, objects))}"}

    def values_searched(self, request: HttpRequest, term: str) -> dict[str, str]:
        return {"username__startswith": term, "email": term.lower()}

    @staff_page("<slug:team>/summary/", name="summary", permission="auth.view_group")
    def summary_view(self, request: HttpRequest, team: str) -> HttpResponse:
        template = "admin/staff_page.html"
        return self.render_page(request, template, title=f"Team {team}", looking=staff(request))


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("with a secret in it")


site = Desk(name="admin")
site.register(Group, RoleAdmin)
site.register(Permission, PermissionAdmin)
site.register(ContentType, ContentTypeAdmin)
site.register(User, PersonAdmin)

handler500 = "hireops.desk.views.server_error"

urlpatterns = [
    path("admin/", site.urls),
    path("language/", choose_language, name="choose_language"),
    path("healthz", healthz),
    path("readyz", readyz),
    path("broken", broken),
]
