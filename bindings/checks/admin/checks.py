"""Background checks that customers have ordered: their list, their pages, the forms for what is reported."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bindings.checks import services, texts
from bindings.checks.admin import actions
from bindings.checks.admin.actions import CHANGE
from bindings.checks.admin.forms import ResultForm, StageForm, TurnForm
from bindings.checks.admin.page import choices_of, page_of, state_shown, waiting, what
from bindings.checks.queue import QUEUE
from bindings.models import BackgroundCheck, CheckUpdate, ReportFile, StageTemplate, Turn
from bindings.orders.admin import PromisedAdmin, PromiseFilter
from bindings.orders.forms import NotesForm, SettleForm
from bindings.orders.notes import keep_notes
from bindings.orders.promise_section import promised_shown
from bindings.orders.updates import Found
from bindings.reports import services as reports
from bindings.workdays import services as workdays
from hireops import contacts
from hireops.contacts import mask
from hireops.desk.actions import StaffAction
from hireops.desk.admin import staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked
from hireops.desk.errors import Refused
from hireops.desk.finding import id_in_full, last_digits
from hireops.desk.revealing import VIEW
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.feishu.tenant_lists import filter_by_tenant, tenant_columns
from hireops.outbox.tasks import drain

FORM = "admin/bindings/backgroundcheck/form.html"


class LookFilter(admin.SimpleListFilter):
    title = _("to be looked at")
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), *texts.SHORT_LOOKS.items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[BackgroundCheck]
    ) -> QuerySet[BackgroundCheck]:
        look = self.value()
        if look is None:
            return queryset
        return queryset.exclude(to_look_at="") if look == "yes" else queryset.filter(to_look_at=look)


@admin.register(BackgroundCheck)
class BackgroundCheckAdmin(PromisedAdmin):
    help_page = "checks"
    empty_list = _(
        "Background checks that customers order in Feishu Hire appear here by themselves. Bind their "
        "accounts and offer them packages first."
    )
    ids = ["background_check_id"]
    change_form_template = "admin/bindings/backgroundcheck/change_form.html"
    fields = ["state"]
    list_filter = [
        "state",
        "turn",
        LookFilter,
        PromiseFilter,
        "promised_on",
        "received_at",
        filter_by_tenant(),
    ]
    sortable_by = ["promised", "received_at"]
    linked_by = ["customer", "account", "package_id"]
    exact_search_fields = ["background_check_id"]
    contact_search_fields = {
        "candidate_mobile": contacts.read_mobile,
        "candidate_email": contacts.read_email,
        "candidate_name": str,
    }
    search_help_text = _("Order ID; or the candidate's mobile number, email or name, in full")
    found_by = {
        "background_check_id": id_in_full,
        "background_check_id__endswith": last_digits,
        **contact_search_fields,
    }
    found_by_words = search_help_text
    staff_actions = [
        actions.next_stage,
        actions.say_completed,
        actions.say_sent_back,
        actions.approves_nothing,
        actions.approves_results,
        actions.looked_at,
        actions.take_care,
        actions.terminate,
    ]
    reveal_permission = VIEW

    class Media:
        css = {"all": ["bindings/orders.css"]}

    # --- The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[BackgroundCheck]:
        rows: QuerySet[BackgroundCheck] = super().get_queryset(request)
        return rows.select_related("customer", "account", "tenant", "responsible", "event")

    def fetch_for(self, action: StaffAction, objects: Sequence[Any]) -> None:
        services.fetch_for(objects)

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        today = cache(workdays.today)  # the same for all rows

        @admin.display(description=_("candidate"))
        def candidate(check: BackgroundCheck) -> str:
            return mask(check.candidate_name) or gettext("(no name)")

        @admin.display(description=_("promised for"), ordering="promised_on")
        def promised(check: BackgroundCheck) -> str | SafeString:
            return promised_shown(check, today())

        return [
            candidate,
            "background_check_id",
            "customer_link",
            "package_shown",
            "state_shown",
            "look_shown",
            "turn_shown",
            promised,
            "received_at",
            *tenant_columns(),
        ]

    def found_as(self, obj: BackgroundCheck) -> Sequence[str]:
        customer = str(obj.customer) if obj.customer else ""
        return [
            str(obj),
            mask(obj.candidate_name),
            customer,
            self.package_shown(obj),
            obj.get_state_display(),
        ]

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        columns = super().confirm_columns(request, action, objects)
        if action is actions.next_stage:
            columns.append(Column(_("next stage"), lambda check: services.next_template(check) or "–"))
        return columns

    def figures_shown(self, action: StaffAction, obj: Any) -> str:
        return str(services.next_template(obj) or "") if action is actions.next_stage else ""

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, check: BackgroundCheck) -> SafeString:
        return state_shown(check)

    @admin.display(description=_("customer"))
    def customer_link(self, check: BackgroundCheck) -> str:
        return linked(check.customer) if check.customer else gettext("not known yet")

    @admin.display(description=_("package"))
    def package_shown(self, check: BackgroundCheck) -> str:
        return check.package_name or check.package_id or "–"

    @admin.display(description=_("to be looked at"))
    def look_shown(self, check: BackgroundCheck) -> str | SafeString:
        if not check.to_look_at:
            return "–"
        return badge(texts.SHORT_LOOKS.get(check.to_look_at, check.to_look_at), "bad")

    @admin.display(description=_("whose turn"))
    def turn_shown(self, check: BackgroundCheck) -> str:
        return "–" if check.turn == Turn.NOBODY else str(Turn(check.turn).label)

    # --- One order

    def page_context(self, request: HttpRequest, obj: BackgroundCheck) -> dict[str, Any]:
        shown = page_of(request, obj, may_change=request.user.has_perm(CHANGE))
        return {**shown, "promised": promised_shown(obj)}

    def waiting(self, request: HttpRequest, obj: BackgroundCheck) -> Waiting:
        return waiting(obj)

    @staff_page("<int:pk>/stage/", name="stage", permission=CHANGE)
    def stage_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A stage with a text of its own, or an interim report."""
        check = self._check(request, pk)

        def tell(given: dict[str, Any]) -> None:
            services.report_stage(
                check,
                by=staff(request),
                name=given["name"],
                en_name=given["en_name"],
                result=given["result"],
                reports=_kept(request, given, wanted=not services.why_no_stage(check)),
            )

        form = StageForm(*_sent(request))
        lead = _("The customer sees it on the candidate's page as soon as it has arrived in Feishu.")
        return self._told(request, check, form, tell, title=gettext("Report a stage"), lead=lead)

    @staff_page("<int:pk>/next/", name="next", permission=CHANGE)
    def next_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The next of the package's usual stages, or one of its optional ones, by one click."""
        check = self._check(request, pk)
        page = HttpResponseRedirect(self._url("change", check.pk))
        if request.method != "POST":
            return page
        try:
            chosen = StageTemplate.objects.filter(pk=request.POST.get("template") or 0).first()
            services.report_next_stage(check, by=staff(request), chosen=chosen)
        except (Refused, ValueError) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return page
        ring(drain)
        self.message_user(request, gettext("On its way to Feishu. This page shows what becomes of it."))
        return page

    @staff_page("<int:pk>/result/", name="result", permission=CHANGE)
    def result_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The final result, or one that takes its place; told when it has been read once more."""
        check = self._check(request, pk)
        before = services.versions_of(check).last()
        form = ResultForm(*_sent(request), before=before, by=staff(request))

        def tell(given: dict[str, Any]) -> bool:
            wanted = not services.why_no_result(check)
            if wanted and not form.is_confirmed:
                form.ask_to_confirm(_stored(request, given))
                return False
            kept = _kept(request, given, wanted=wanted)
            if before and not kept and given.get("reports_again"):
                kept = reports.again(before.reports)
            services.report_result(
                check,
                by=staff(request),
                result=given["result"],
                reason=given.get("reason", ""),
                reports=kept,
            )
            return True

        title = gettext("Report a corrected result") if before else gettext("Report the result")
        lead = (
            _(
                "It becomes a new version beside the one before. Feishu may refuse a second result: then it "
                "stays here, and you send it to the customer by mail."
            )
            if before
            else _(
                "Feishu takes no stages after it. The order is completed, if the customer need not "
                "approve it."
            )
        )
        return self._told(request, check, form, tell, title=title, lead=lead)

    @staff_page("<int:pk>/turn/", name="turn", permission=CHANGE)
    def turn_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        check = self._check(request, pk)

        def say(given: dict[str, Any]) -> None:
            services.set_turn(
                check,
                Turn(given["turn"]),
                by=staff(request),
                reason=given["reason"],
                stops_clock=given["stops_clock"],
            )

        form = TurnForm(request.POST if request.method == "POST" else None, initial={"turn": check.turn})
        lead = _("Who has to do something before it goes on. Nothing is told to Feishu.")
        return self._told(
            request, check, form, say, title=gettext("Whose turn it is"), lead=lead, said=gettext("Kept.")
        )

    @staff_page("<int:pk>/notes/", name="notes", permission=CHANGE)
    def notes_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        check = self._check(request, pk)

        def keep(given: dict[str, Any]) -> None:
            keep_notes(QUEUE, check, by=staff(request), **given)

        initial = {"notes": check.notes, "responsible": check.responsible_id}
        form = NotesForm(request.POST if request.method == "POST" else None, initial=initial)
        return self._told(request, check, form, keep, title=gettext("Notes"), said=gettext("Kept."))

    @staff_page("<int:pk>/updates/<int:number>/settle/", name="settle", permission=CHANGE)
    def settle_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """What became of something that was refused, or that may have arrived."""
        check = self._check(request, pk)
        update = _update(check, number)

        def settle(given: dict[str, Any]) -> None:
            services.settle(update, Found(given["found"]), by=staff(request), reason=given["reason"])

        form = SettleForm(request.POST if request.method == "POST" else None)
        field: Any = form.fields["found"]
        field.choices = choices_of(check, update)
        if not field.choices:
            self.message_user(request, gettext("There is nothing to be settled any more."), messages.WARNING)
            return HttpResponseRedirect(self._url("change", check.pk))
        title = gettext("Settle: %(what)s") % {"what": what(update)}
        return self._told(
            request,
            check,
            form,
            settle,
            title=title,
            said=gettext("Settled."),
            readings=texts.readings(update),
        )

    # --- What the forms have in common

    def _check(self, request: HttpRequest, pk: int) -> BackgroundCheck:
        check: BackgroundCheck | None = self.get_object(request, str(pk))
        if check is None:
            raise Http404
        return check

    def _told(
        self,
        request: HttpRequest,
        check: BackgroundCheck,
        form: forms.Form,
        tell: Callable[[dict[str, Any]], bool | None],
        *,
        title: str,
        lead: Any = "",
        said: str = "",
        **context: Any,
    ) -> HttpResponse:
        """The page with the form; with a form that is right, what it says is done.

        ``tell`` returns False if it has done nothing yet, because the person has to confirm first.
        """
        if request.method == "POST" and form.is_valid():
            try:
                if tell(form.cleaned_data) is not False:
                    ring(drain)
                    on_its_way = gettext("On its way to Feishu. This page shows what becomes of it.")
                    self.message_user(request, said or on_its_way)
                    return HttpResponseRedirect(self._url("change", check.pk))
            except Refused as refusal:
                form.add_error(None, str(refusal))
        shown = {
            "check": check,
            "form": form,
            "lead": lead,
            "back": self._url("change", check.pk),
            "candidate": mask(check.candidate_name),
            "package": self.package_shown(check),
        }
        return self.render_form(request, FORM, title=title, **shown, **context)


def _sent(request: HttpRequest) -> tuple[Any, ...]:
    return (request.POST, request.FILES) if request.method == "POST" else ()


def _kept(request: HttpRequest, given: dict[str, Any], *, wanted: bool) -> list[dict[str, Any]]:
    """The reports of a form as an update keeps them; a file is stored first, outside any transaction."""
    if not wanted:
        return []  # the service says why not
    if file := _stored(request, given):
        return [{"name": file.name, "link": reports.make_link(file).pk}]
    return [given["url"]] if "url" in given else []


def _stored(request: HttpRequest, given: dict[str, Any]) -> ReportFile | None:
    """The report file of a form: the one it brings, or the one that was stored when it was first sent."""
    if file := given.get("report"):
        return reports.keep(file, given["report_name"] or file.name, by=staff(request))
    stored: ReportFile | None = None if "url" in given else given.get("stored")
    return stored


def _update(check: BackgroundCheck, number: int) -> CheckUpdate:
    updates = CheckUpdate.objects.select_related("call", "background_check")
    update = updates.filter(background_check=check, number=number).first()
    if update is None:
        raise Http404
    return update
