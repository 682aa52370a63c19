"""Registrations: who is to get an account, what became of it, and the form to correct what did not work."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from hireops import contacts
from hireops.contacts import mask
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_action, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import linked
from hireops.desk.errors import Refused
from hireops.desk.exporting import Exported
from hireops.desk.finding import number
from hireops.desk.language import shown_again
from hireops.desk.masking import may_see_personal_data
from hireops.desk.revealing import VIEW, is_revealed, shown_for
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.feishu.tenant_lists import are_several, filter_by_tenant, tenant_columns
from hireops.outbox.tasks import drain
from hireops.outbox.watching import facts_of
from referrals.ledger.exporting import contact_columns, employee_column
from referrals.models import Registration, RegistrationImport
from referrals.registrations import problems
from referrals.registrations import services as registrations
from referrals.registrations.admin.display import contact_of, page_of, state_of
from referrals.registrations.admin.forms import ContactForm

IMPORTS_OFFERED = 20
State = Registration.State


@staff_action(
    permission="referrals.change_registration",
    label=_("Try again"),
    confirm=_("The same contacts are sent to Feishu once more. To change one, correct it on its page."),
    offered=registrations.may_be_retried,
    why_not=lambda row, by: "" if registrations.may_be_retried(row) else registrations.why_not_now(row),
    counted=ngettext_lazy("Try %(count)s registration again", "Try %(count)s registrations again", "count"),
)
def retry(row: Registration, *, by: User, reason: str) -> None:
    registrations.retry(row, by=by, reason=reason)
    ring(drain)


@staff_action(
    permission="referrals.change_registration",
    label=_("Discard"),
    confirm=_("These rows are not sent, or not any more. Accounts that exist already stay as they are."),
    dangerous=True,
    offered=registrations.may_be_discarded,
    why_not=lambda row, by: "" if registrations.may_be_discarded(row) else registrations.why_not_now(row),
    counted=ngettext_lazy("Discard %(count)s registration", "Discard %(count)s registrations", "count"),
)
def discard(row: Registration, *, by: User, reason: str) -> None:
    registrations.discard(row, by=by, reason=reason)


class ImportFilter(admin.SimpleListFilter):
    """The newest imports, and the one that is chosen."""

    title = _("import")
    parameter_name = "batch"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = RegistrationImport.objects.order_by("-pk").values_list("pk", "file_name")
        offered = list(newest[:IMPORTS_OFFERED])
        chosen = self.value()
        if chosen and chosen.isdecimal() and int(chosen) not in dict(offered):
            offered += newest.filter(pk=chosen)
        return [(str(pk), f"#{pk} {name}") for pk, name in offered]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        chosen = self.value() or ""
        return queryset.filter(batch=int(chosen)) if chosen.isdecimal() else queryset


@admin.register(Registration)
class RegistrationAdmin(MirrorAdmin):
    help_page = "registrations"
    empty_list = _("Employees who are to get a referral account. Register one, or import many from a file.")
    ids = ["account_link"]
    change_form_template = "admin/referrals/registration/change_form.html"
    fields = ["state"]
    list_filter = ["state", filter_by_tenant(), ImportFilter, "created_at"]
    search_help_text = _("Mobile number in any spelling, email or account ID, in full")
    exact_search_fields = ["account__account_id"]
    contact_search_fields = {"mobile": contacts.read_mobile, "email": contacts.read_email}
    found_by = {"pk": number, **contact_search_fields}
    found_by_words = _(
        "Number such as #41; mobile number in any spelling or email in full, as long as there is no account"
    )
    staff_actions = [retry, discard]
    reveal_permission = VIEW

    def next_step(self, request: HttpRequest) -> tuple[str, str | Promise] | None:
        return (
            (self._url("add"), gettext("Register a referrer")) if self.has_add_permission(request) else None
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        rows = (
            super().get_queryset(request).select_related("account", "batch", "call", "created_by", "tenant")
        )
        return rows.defer("batch__content")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("referrals.add_registration")

    # --- The list

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        @admin.display(description=_("contact"))
        def contact(row: Registration) -> str:
            return contact_of(row, mask)

        @admin.display(description=_("employee"))
        def employee(row: Registration) -> str:
            return mask(row.name) or gettext("(no name)")

        return [
            employee,
            "number",
            contact,
            "state_shown",
            "problem_shown",
            "account_link",
            "import_link",
            "created_at",
            *tenant_columns(),
        ]

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        return {
            "employee": [employee_column(lambda row: row.name)],
            "contact": contact_columns(
                lambda row: (row.mobile or row.mobile_given, row.email or row.email_given)
            ),
            "account_link": [
                Exported(gettext("account ID"), lambda row: row.account.account_id if row.account else "")
            ],
        }

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        columns = [
            Column(_("employee"), lambda row: mask(row.name) or "–"),
            Column(_("contact"), lambda row: contact_of(row, mask)),
            Column(_("registration"), lambda row: linked(row, f"#{row.pk}")),
            Column(_("state"), state_of),
            Column(_("problem"), problems.problem_in_words),
        ]
        return [*columns, Column(_("customer"), lambda row: row.tenant)] if are_several() else columns

    def waits_since(self, obj: Registration) -> datetime | None:
        return obj.created_at if obj.finished_at is None else None

    def rows_to_find(self, request: HttpRequest) -> QuerySet[Registration]:
        """Once there is an account, it is that account that is found."""
        return super().rows_to_find(request).filter(account=None)

    def found_as(self, obj: Registration) -> Sequence[str]:
        return [f"#{obj.pk}", mask(obj.name), contact_of(obj, mask), obj.get_state_display()]

    @admin.display(description=_("state"))
    def state_shown(self, row: Registration) -> SafeString:
        return state_of(row)

    @admin.display(description=_("problem"))
    def problem_shown(self, row: Registration) -> str:
        return problems.problem_in_words(row)

    @admin.display(description=_("referral account"))
    def account_link(self, row: Registration) -> str:
        return linked(row.account, row.account.account_id) if row.account else "–"

    @admin.display(description=_("import"))
    def import_link(self, row: Registration) -> str:
        if row.batch is None:
            return "–"
        text = gettext("%(file)s, line %(line)s") % {"file": row.batch.file_name, "line": row.line}
        return linked(row.batch, text)

    # --- Registering and correcting

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form that registers one referrer."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        request = shown_again(request)
        form = ContactForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                row = registrations.register(**form.cleaned_data, by=staff(request))
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._go_to(request, row)
        return self._form_page(request, form, gettext("Register a referrer"))

    @staff_page("<int:pk>/correct/", name="correct", permission="referrals.change_registration")
    def correct_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Takes the form of the row's page. What can't be sent is shown with the reason at its field."""
        if not may_correct(request):
            raise PermissionDenied
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if request.method != "POST" and not is_revealed(request, row):
            return HttpResponseRedirect(page_of(row))
        form = ContactForm(request.POST if request.method == "POST" else None, initial=given(row))
        if form.is_valid():
            try:
                row = registrations.correct(row, **form.cleaned_data, by=staff(request))
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._go_to(request, row)
        return self._form_page(request, form, gettext("Correct %(row)s") % {"row": row}, row)

    def _go_to(self, request: HttpRequest, row: Registration) -> HttpResponse:
        ring(drain)
        if row.state == State.DUPLICATE:
            self.message_user(request, problems.problem_in_words(row), messages.WARNING)
        elif row.state == State.READY:
            self.message_user(request, gettext("Corrected. The row is sent when its import is confirmed."))
        else:
            text = gettext("On its way to Feishu. This page shows what becomes of it.")
            self.message_user(request, text)
        return HttpResponseRedirect(page_of(row))

    def _form_page(
        self, request: HttpRequest, form: ContactForm, title: str, row: Registration | None = None
    ) -> HttpResponse:
        template = "admin/referrals/registration/form.html"
        return self.render_form(request, template, title=title, form=form, row=row)

    # --- One registration

    def whose(self, obj: Registration) -> str:
        return obj.name

    def page_context(self, request: HttpRequest, obj: Registration) -> dict[str, Any]:
        return what_became_of(obj, request)

    def waiting(self, request: HttpRequest, obj: Registration) -> Waiting:
        return Waiting(str(State(obj.state).label), facts_of(obj.call), is_over=not is_on_its_way(obj))


def may_correct(request: HttpRequest) -> bool:
    """Who corrects a contact has to see it."""
    return request.user.has_perm("referrals.change_registration") and may_see_personal_data(request.user)


def is_on_its_way(row: Registration) -> bool:
    return row.state == State.PENDING and not problems.waits_for_a_person(row.call)


def given(row: Registration) -> dict[str, Any]:
    """What the form of its contact begins with."""
    return {"tenant": row.tenant, "mobile": row.mobile_given, "email": row.email_given, "name": row.name}


def what_became_of(row: Registration, request: HttpRequest) -> dict[str, Any]:
    """What the page of a registration shows."""
    shown = shown_for(request, row)
    correctable = may_correct(request) and registrations.may_be_corrected(row)
    revealed = is_revealed(request, row)
    customer = [(_("customer"), row.tenant or row.tenant_given)] if are_several() else []
    return {
        "row": row,
        "badge": state_of(row),
        "problem": problems.problem_in_words(row),
        "facts": [
            *customer,
            (_("mobile number"), shown(row.mobile or row.mobile_given)),
            (_("email"), shown(row.email or row.email_given)),
            (_("employee"), shown(row.name)),
        ],
        "is_on_its_way": is_on_its_way(row),
        "form": ContactForm(initial=given(row)) if correctable and revealed else None,
        "must_be_shown": correctable and not revealed,
    }
