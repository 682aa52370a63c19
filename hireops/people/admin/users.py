"""The pages of people."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.actions import ReasonForm, staff_action
from hireops.desk.display import listed
from hireops.desk.errors import Refused
from hireops.desk.pages import staff_page
from hireops.desk.staff import full_name, name_and_login, people_named, staff
from hireops.people import credentials, services
from hireops.people.admin.lock_outs import let_in_person, remove_second_factors
from hireops.people.admin.page import about_person
from hireops.people.admin.person_form import NewPersonForm, PersonForm, may_invite
from hireops.people.admin.rights import RightsAdmin, RoleChoice
from hireops.people.invitations import services as invitations
from hireops.people.models import CredentialChange

admin.site.unregister(User)

CHANGE = "auth.change_user"
# Fields by which a person signs in.
CREDENTIALS = {"username": CredentialChange.Kind.USERNAME, "email": CredentialChange.Kind.EMAIL}
RIGHTS = ("is_active", "is_superuser", "groups")


@staff_action(
    permission=CHANGE,
    label=_("End all sessions"),
    confirm=_("Wherever these people are signed in, they have to sign in again."),
    dangerous=True,
)
def end_sessions(user: User, *, by: User, reason: str) -> None:
    services.end_sessions(user, by=by, reason=reason)


@staff_action(
    permission=CHANGE,
    label=_("Deactivate"),
    confirm=_(
        "These people are signed out everywhere at once and cannot sign in any more. What they have done "
        "stays on record. Only a superuser activates again who can approve or pay."
    ),
    dangerous=True,
    offered=lambda user: user.is_active,
)
def deactivate(user: User, *, by: User, reason: str) -> None:
    services.deactivate(user, by=by, reason=reason)


@admin.register(User)
class StaffUserAdmin(RightsAdmin):
    """People. Their roles say what they may do; of superusers and of who can approve or pay, only a superuser
    changes anything, and nobody the own rights."""

    help_page = "people"

    empty_list = _("Who uses hireops. Add a person, or invite somebody by mobile or email.")
    form = PersonForm
    add_form = NewPersonForm
    change_form_template = "admin/auth/person.html"
    list_display = ("name_shown", "username", "roles", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    linked_by = ("is_superuser", "is_staff", "user_permissions")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    sortable_by = ("username", "last_login")
    found_by = {
        "username__istartswith": str,
        "last_name__istartswith": str,
        "first_name__istartswith": str,
        "email__iexact": str,
    }
    found_by_words = _("How the name or the user name begins, or the email in full")
    staff_actions = [end_sessions, deactivate, let_in_person, remove_second_factors]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        person = (None, {"fields": ("full_name", "username", "email")})
        if obj is None:
            roles = (_("What this person may do"), {"fields": ("groups",)})
            first = (_("The first sign-in"), {"fields": ("first_sign_in", "mobile")})
            return (person, roles, first) if may_invite(staff(request)) else (person, roles)
        dates = (_("Dates"), {"fields": ("last_login", "date_joined")})
        return (person, (_("Rights"), {"fields": ("is_active", "is_superuser", "groups")}), dates)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fixed: tuple[str, ...] = ("last_login", "date_joined")
        if obj == request.user:
            return (*fixed, *RIGHTS)
        return fixed if request.user.is_superuser else (*fixed, "is_superuser")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        wanted = {} if obj else {"form": self.add_form}
        form = super().get_form(request, obj, change, **(wanted | kwargs))
        form.by = staff(request)
        return form

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        roles = Group.objects.order_by("name").prefetch_related("permissions__content_type")
        wanted = {"widget": RoleChoice, "help_text": "", "label": _("roles"), "queryset": roles}
        return super().formfield_for_manytomany(db_field, request, **kwargs, **wanted)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "groups":
            field.widget.can_add_related = False  # type: ignore[union-attr]
        return field

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._within_reach(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        is_oneself = obj is not None and obj == request.user
        return (
            not is_oneself
            and self._within_reach(request, obj)
            and super().has_delete_permission(request, obj)
        )

    def _within_reach(self, request: HttpRequest, obj: Model | None) -> bool:
        return not isinstance(obj, User) or services.may_change_credentials(staff(request), obj)

    # --- Finding people

    def named(self, obj: User) -> str:
        return name_and_login(obj)

    def values_found(self, request: HttpRequest, term: str) -> Iterator[tuple[str, Any]]:
        """Also by a name of which the parts were written down apart."""
        yield from super().values_found(request, term)
        yield "pk__in", list(people_named(term).values_list("pk", flat=True))

    def found_as(self, obj: User) -> Sequence[str]:
        return [str(obj), obj.username, self.roles(obj)]

    # --- What the pages show

    @admin.display(description=_("Name"))
    def name_shown(self, user: User) -> str:
        return str(user)

    @admin.display(description=_("Name"))
    def full_name(self, user: User) -> str:
        return full_name(user)

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return listed(user.groups.all())

    def page_context(self, request: HttpRequest, obj: User) -> dict[str, Any]:
        return about_person(obj, staff(request))

    # --- What is written

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        by = staff(request)
        obj.is_staff = True  # or there would be nothing that this person could open
        if not change:
            self.remember_rights(request, [])
            self._make(request, obj, form, by)
            return
        self.remember_rights(request, services.rights_of(User.objects.get(pk=obj.pk)))
        super().save_model(request, obj, form, change)
        kinds = [CREDENTIALS[name] for name in form.changed_data if name in CREDENTIALS]
        credentials.edited(obj, kinds, by=by)

    def _make(self, request: HttpRequest, obj: Any, form: Any, by: User) -> None:
        """With a first password, which ``response_add`` shows; or with an invitation, and none."""
        request.first_password = ""  # type: ignore[attr-defined]
        if form.is_invited:
            obj.set_unusable_password()
            super().save_model(request, obj, form, False)  # noqa: FBT003 - Django's signature
            credentials.keep(obj, CredentialChange.Kind.ACCOUNT, by=by)
            invitations.invite(**form.invited_by, person=obj, by=by)
            return
        request.first_password = credentials.give_first_password(obj)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, False)  # noqa: FBT003 - Django's signature
        credentials.account_made(obj, by=by)

    def rights_of(self, obj: Any) -> list[str]:
        return services.rights_of(obj)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        if password := request.first_password:  # type: ignore[attr-defined]
            return self._password_shown_once(request, obj, password)
        text = gettext(
            "%(user)s is invited, and signs in with Feishu within %(days)s days. There is no password."
        )
        self.message_user(request, text % {"user": obj, "days": settings.INVITATION_DAYS}, messages.SUCCESS)
        return HttpResponseRedirect(self._url("change", obj.pk))

    # --- A password for somebody else

    @staff_page("<int:pk>/password/", name="password_change", permission=CHANGE, irreversible=True)
    def password_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks, then sets a one-time password and shows it once."""
        user = User.objects.filter(pk=pk).first()
        if user is None:
            raise Http404
        by = staff(request)
        if user == by or not self.has_change_permission(request, user):
            raise PermissionDenied
        form = ReasonForm(request.POST if request.method == "POST" else None, required=False)
        if request.method == "POST" and form.is_valid():
            try:
                password = credentials.set_one_time_password(user, by=by, reason=form.cleaned_data["reason"])
            except Refused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
                return HttpResponseRedirect(reverse("admin:auth_user_change", args=[pk]))
            return self._password_shown_once(request, user, password)
        title = gettext("Set a one-time password")
        return self.render_form(
            request, "admin/auth/one_time_password.html", title=title, form=form, person=user
        )

    def _password_shown_once(self, request: HttpRequest, user: User, password: str) -> HttpResponse:
        response = self.render_page(
            request,
            "admin/auth/one_time_password_set.html",
            title=gettext("One-time password of %(user)s") % {"user": user},
            person=user,
            full_name=full_name(user),
            password=password,
            days=credentials.USABLE_FOR.days,
        )
        add_never_cache_headers(response)
        return response
