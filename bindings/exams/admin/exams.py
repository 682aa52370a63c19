"""Exams that customers have arranged: their list, their pages, and the forms for what is told to Feishu."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bindings.exams import services, windows
from bindings.exams.admin.actions import CHANGE, candidate_has_finished, set_aside, take_care, take_up
from bindings.exams.admin.forms import ArrangementForm, FailureForm, ScoreForm
from bindings.exams.admin.page import SEE_ACCESS, choices_of, page_of, waiting, what
from bindings.exams.queue import QUEUE
from bindings.models import Exam, ExamPaper, ExamUpdate, Turn
from bindings.orders.admin import PromisedAdmin, PromiseFilter
from bindings.orders.forms import NotesForm, SettleForm
from bindings.orders.notes import keep_notes
from bindings.orders.promise_section import promised_shown
from bindings.orders.updates import Found, Look
from bindings.reports import services as reports
from bindings.workdays import services as workdays
from hireops import contacts
from hireops.contacts import mask
from hireops.database import clock
from hireops.desk.admin import staff_page
from hireops.desk.display import badge, linked
from hireops.desk.errors import Refused
from hireops.desk.finding import id_in_full, last_digits
from hireops.desk.revealing import PROOF, VIEW, reason_of, reveal
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.feishu.tenant_lists import filter_by_tenant, tenant_columns
from hireops.outbox.tasks import drain

State = Exam.State
FORM = "admin/bindings/exam/form.html"


class LookFilter(admin.SimpleListFilter):
    title = _("to be looked at")
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Exam]) -> QuerySet[Exam]:
        return queryset.exclude(to_look_at="") if self.value() else queryset


class WindowFilter(admin.SimpleListFilter):
    title = _("time of the paper")
    parameter_name = "window"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("over", _("Over")), ("soon", _("Over soon"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Exam]) -> QuerySet[Exam]:
        at = clock.now()
        match self.value():
            case "over":
                return queryset.filter(ended_at=None, paper_id__in=windows.codes_over(at))
            case "soon":
                return queryset.filter(ended_at=None, paper_id__in=windows.codes_over_soon(at))
        return queryset


@admin.register(Exam)
class ExamAdmin(PromisedAdmin):
    help_page = "exams"
    empty_list = _(
        "Exams that customers arrange in Feishu Hire appear here by themselves. Bind their accounts "
        "and offer them papers first."
    )
    ids = ["exam_id"]
    change_form_template = "admin/bindings/exam/change_form.html"
    fields = ["state"]
    list_filter = [
        "state",
        "turn",
        LookFilter,
        PromiseFilter,
        WindowFilter,
        "promised_on",
        "received_at",
        filter_by_tenant(),
    ]
    sortable_by = ["promised", "received_at"]
    linked_by = ["customer", "account", "paper_id"]
    exact_search_fields = ["exam_id"]
    contact_search_fields = {
        "candidate_mobile": contacts.read_mobile,
        "candidate_email": contacts.read_email,
        "candidate_name": str,
    }
    search_help_text = _("Exam ID; or the candidate's mobile number, email or name, in full")
    found_by = {"exam_id": id_in_full, "exam_id__endswith": last_digits, **contact_search_fields}
    found_by_words = search_help_text
    staff_actions = [candidate_has_finished, take_care, set_aside, take_up]
    reveal_permission = VIEW

    class Media:
        css = {"all": ["bindings/orders.css"]}

    # --- The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exam]:
        rows: QuerySet[Exam] = super().get_queryset(request)
        return rows.select_related("customer", "account", "tenant", "responsible", "event")

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        as_of, today = cache(clock.now), cache(workdays.today)  # the same for all rows

        @cache
        def papers() -> dict[str, ExamPaper]:
            return {paper.code: paper for paper in ExamPaper.objects.exclude(end_time=None)}

        @admin.display(description=_("candidate"))
        def candidate(exam: Exam) -> str:
            return mask(exam.candidate_name) or gettext("(no name)")

        @admin.display(description=_("paper"))
        def paper(exam: Exam) -> str | SafeString:
            name = exam.paper_name or exam.paper_id or "–"
            window = "" if exam.ended_at else windows.mark(papers().get(exam.paper_id), as_of())
            return format_html("{} {}", name, badge(window, "bad")) if window else name

        @admin.display(description=_("promised for"), ordering="promised_on")
        def promised(exam: Exam) -> str | SafeString:
            return promised_shown(exam, today())

        return [
            candidate,
            "exam_id",
            "customer_link",
            paper,
            "state_shown",
            "look_shown",
            "turn_shown",
            promised,
            "received_at",
            *tenant_columns(),
        ]

    def found_as(self, obj: Exam) -> Sequence[str]:
        customer = str(obj.customer) if obj.customer else ""
        return [
            str(obj),
            mask(obj.candidate_name),
            customer,
            obj.paper_name or obj.paper_id,
            obj.get_state_display(),
        ]

    @admin.display(description=_("customer"))
    def customer_link(self, exam: Exam) -> str:
        return linked(exam.customer) if exam.customer else gettext("not known yet")

    @admin.display(description=_("to be looked at"))
    def look_shown(self, exam: Exam) -> str | SafeString:
        known = exam.to_look_at in Look.values
        return (
            badge(Look(exam.to_look_at).label if known else exam.to_look_at, "bad")
            if exam.to_look_at
            else "–"
        )

    @admin.display(description=_("whose turn"))
    def turn_shown(self, exam: Exam) -> str:
        return "–" if exam.turn == Turn.NOBODY else str(Turn(exam.turn).label)

    # --- One exam

    def page_context(self, request: HttpRequest, obj: Exam) -> dict[str, Any]:
        shown = page_of(request, obj, may_change=request.user.has_perm(CHANGE))
        return {**shown, "promised": promised_shown(obj), "look": self.look_shown(obj)}

    def waiting(self, request: HttpRequest, obj: Exam) -> Waiting:
        return waiting(obj)

    @staff_page("<int:pk>/arrange/", name="arrange", permission=CHANGE)
    def arrange_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How the candidate gets to the exam."""
        exam = self._exam(request, pk)

        def tell(given: dict[str, Any]) -> None:
            services.arrange(exam, given["access"], by=staff(request), message=given["message"])

        form = ArrangementForm(request.POST or None)
        lead = _("The customer and the candidate see the link in Feishu as soon as it has arrived there.")
        return self._told(request, exam, form, tell, title=gettext("Tell the access"), lead=lead)

    @staff_page("<int:pk>/failed/", name="failed", permission=CHANGE)
    def failed_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """That it could not be arranged."""
        exam = self._exam(request, pk)

        def tell(given: dict[str, Any]) -> None:
            services.arrangement_failed(exam, by=staff(request), code=given["code"], message=given["message"])

        form = FailureForm(request.POST or None)
        lead = _("The customer learns that this exam could not be arranged, and why.")
        return self._told(request, exam, form, tell, title=gettext("Could not be arranged"), lead=lead)

    @staff_page("<int:pk>/score/", name="score", permission=CHANGE)
    def score_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The score, or a correction of it, with its reports."""
        exam = self._exam(request, pk)
        corrected = services.newest_version(exam)

        def tell(given: dict[str, Any]) -> None:
            kept = [reports.keep(file, file.name, by=staff(request)) for file in given["reports"]]
            sent = [{"name": each.name, "link": reports.make_link(each).pk} for each in kept] + given["links"]
            if corrected and not sent and given.get("reports_again"):
                sent = reports.again(corrected.reports)
            score = services.Score(
                score=given["score"],
                parts=given["parts"],
                reports=sent,
                time=given["time"],
                reason=given.get("reason", ""),
            )
            services.report_score(exam, score, by=staff(request))

        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = ScoreForm(*posted, before=corrected)
        title = gettext("Correct the score") if corrected else gettext("Report the score")
        lead = _("The new score takes the place of the one that the customer has.") if corrected else ""
        return self._told(request, exam, form, tell, title=title, lead=lead, before=corrected)

    @staff_page("<int:pk>/notes/", name="notes", permission=CHANGE)
    def notes_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        exam = self._exam(request, pk)

        def keep(given: dict[str, Any]) -> None:
            keep_notes(QUEUE, exam, by=staff(request), **given)

        initial = {"notes": exam.notes, "responsible": exam.responsible_id}
        form = NotesForm(request.POST if request.method == "POST" else None, initial=initial)
        return self._told(request, exam, form, keep, title=gettext("Notes"), said=gettext("Kept."))

    @staff_page("<int:pk>/updates/<int:number>/settle/", name="settle", permission=CHANGE)
    def settle_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """What became of a message that was refused, or that may have arrived."""
        exam = self._exam(request, pk)
        update = _update(exam, number)

        def settle(given: dict[str, Any]) -> None:
            services.settle(update, Found(given["found"]), by=staff(request), reason=given["reason"])

        form = SettleForm(request.POST if request.method == "POST" else None)
        field: Any = form.fields["found"]
        field.choices = choices_of(exam, update)
        if not field.choices:
            self.message_user(request, gettext("There is nothing to be settled any more."), messages.WARNING)
            return HttpResponseRedirect(self._url("change", exam.pk))
        title = gettext("Settle: %(what)s") % {"what": what(update)}
        return self._told(request, exam, form, settle, title=title, said=gettext("Settled."))

    @staff_page("<int:pk>/updates/<int:number>/access/", name="access", permission=SEE_ACCESS)
    def access_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
        """Writes down who looks at link and login, then leads to the page that shows them."""
        exam = self._exam(request, pk)
        page = self._url("change", exam.pk)
        if request.method != "POST":
            return HttpResponseRedirect(page)
        try:
            proof = reveal(
                _update(exam, number), by=staff(request), reason=reason_of(request), permission=SEE_ACCESS
            )
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(page)
        return HttpResponseRedirect(f"{page}?{PROOF}={proof}#update-{number}")

    # --- What the forms have in common

    def _exam(self, request: HttpRequest, pk: int) -> Exam:
        exam: Exam | None = self.get_object(request, str(pk))
        if exam is None:
            raise Http404
        return exam

    def _told(
        self,
        request: HttpRequest,
        exam: Exam,
        form: forms.Form,
        tell: Callable[[dict[str, Any]], None],
        *,
        title: str,
        lead: Any = "",
        said: str = "",
        before: ExamUpdate | None = None,
    ) -> HttpResponse:
        """The page with the form; with a form that is right, what it says is done."""
        if request.method == "POST" and form.is_valid():
            try:
                tell(form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                ring(drain)
                self.message_user(
                    request, said or gettext("On its way to Feishu. This page shows what becomes of it.")
                )
                return HttpResponseRedirect(self._url("change", exam.pk))
        context = {
            "exam": exam,
            "form": form,
            "lead": lead,
            "before": before,
            "back": self._url("change", exam.pk),
            "candidate": mask(exam.candidate_name),
        }
        return self.render_form(request, FORM, title=title, **context)


def _update(exam: Exam, number: int) -> ExamUpdate:
    update = ExamUpdate.objects.select_related("call", "exam").filter(exam=exam, number=number).first()
    if update is None:
        raise Http404
    return update
