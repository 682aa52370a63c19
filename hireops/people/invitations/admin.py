"""The pages of invitations. Contacts are masked: whoever invited somebody knows them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops import contacts
from hireops.contacts import mask
from hireops.desk.admin import MirrorAdmin, staff_action, staff_page
from hireops.desk.display import listed
from hireops.desk.errors import Refused
from hireops.desk.forms import PersonField
from hireops.desk.staff import staff
from hireops.people.invitations import services
from hireops.people.invitations.models import Invitation

INVITE = "people.add_invitation"
LONGEST_GIVEN = 254
TEXT = {"autocomplete": "off", "class": "vTextField"}


class InvitationForm(forms.Form):
    mobile = forms.CharField(
        label=_("Mobile number"),
        required=False,
        max_length=LONGEST_GIVEN,
        widget=forms.TextInput(attrs=TEXT),
        help_text=_("As in Feishu's directory of your company. Mobile or email, one is enough."),
    )
    email = forms.CharField(
        label=_("Email"), required=False, max_length=LONGEST_GIVEN, widget=forms.TextInput(attrs=TEXT)
    )
    roles = forms.ModelMultipleChoiceField(
        label=_("Roles"),
        queryset=Group.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    person = PersonField(
        label=_("For the existing user"),
        queryset=User.objects.filter(is_active=True, socialaccount=None).order_by("username"),
        required=False,
        help_text=_("Who then signs in with Feishu as this user. Empty: a new user is made."),
    )

    def clean_mobile(self) -> str:
        return self._read("mobile", contacts.read_mobile)

    def clean_email(self) -> str:
        return self._read("email", contacts.read_email)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not (cleaned["mobile"] or cleaned["email"]):
            raise forms.ValidationError(gettext("Enter a mobile number or an email."))
        return cleaned

    def _read(self, name: str, read: Any) -> str:
        try:
            return str(read(self.cleaned_data[name]))
        except contacts.UnreadableContactError as bad:
            raise forms.ValidationError(contacts.EXPLANATIONS[bad.key]) from None


@staff_action(
    permission=INVITE,
    label=_("Confirm"),
    confirm=_(
        "You are the second person who says that these people are to approve or pay. Their rights take "
        "effect after the delay, as always. Who has signed in with Feishu already gets no role by it."
    ),
    offered=lambda invitation: invitation.state == Invitation.State.WAITING,
    why_not=services.why_not_confirmed,
)
def confirm(invitation: Invitation, *, by: User, reason: str) -> None:
    services.confirm(invitation, by=by, reason=reason)


@staff_action(
    permission="people.withdraw_invitation",
    label=_("Withdraw"),
    confirm=_("Nobody can come by these invitations any more. Who has come already stays."),
    offered=lambda invitation: invitation.state in {Invitation.State.OPEN, Invitation.State.WAITING},
)
def withdraw(invitation: Invitation, *, by: User, reason: str) -> None:
    services.withdraw(invitation, by=by, reason=reason)


def _invited(invitation: Invitation) -> str:
    if invitation.waits:
        return gettext("Proposed. It counts once another administrator has confirmed it on this page.")
    return gettext("Invited. It takes effect at the first Feishu sign-in.")


@admin.register(Invitation)
class InvitationAdmin(MirrorAdmin):
    help_page = "people#invitations"
    empty_list = _(
        "Who is invited has the roles as soon as they sign in with Feishu for the first time. Nobody "
        "is invited yet."
    )
    list_display = (
        "number",
        "contact",
        "roles_shown",
        "person",
        "ended_how",
        "invited_by",
        "invited_at",
        "expires_at",
        "used_by",
    )
    list_select_related = ("person", "invited_by", "used_by", "confirmed_by")
    fields = (
        "contact",
        "roles_shown",
        "person",
        "ended_how",
        ("invited_by", "invited_at", "expires_at"),
        ("confirmed_by", "confirmed_at"),
        ("used_by", "used_at"),
        ("withdrawn_by", "withdrawn_at"),
    )
    staff_actions = (confirm, withdraw)

    def next_step(self, request: HttpRequest) -> tuple[str, str | Promise] | None:
        return (self._url("invite"), gettext("Invite somebody")) if request.user.has_perm(INVITE) else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("roles")

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"may_invite": request.user.has_perm(INVITE)}

    @staff_page("invite/", name="invite", permission=INVITE)
    def invite_view(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(request.POST or None)
        if form.is_valid():
            try:
                invitation = services.invite(**form.cleaned_data, by=staff(request))
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                self.message_user(request, _invited(invitation))
                return HttpResponseRedirect(self._url("change", invitation.pk))
        title = gettext("Invite somebody")
        return self.render_form(request, "admin/people/invitation/invite.html", title=title, form=form)

    @admin.display(description=_("contact"))
    def contact(self, invitation: Invitation) -> str:
        return " · ".join(mask(each) for each in (invitation.mobile, invitation.email) if each)

    @admin.display(description=_("roles"))
    def roles_shown(self, invitation: Invitation) -> str:
        return listed(invitation.roles.all())

    @admin.display(description=_("state"))
    def ended_how(self, invitation: Invitation) -> Any:
        return self.state_shown(invitation)
