"""What administrators see of examinations: each with its findings, and a button for a new one."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import MirrorAdmin
from hireops.desk.display import badge
from hireops.desk.errors import Refused
from hireops.desk.pages import staff_page
from hireops.desk.staff import staff
from hireops.desk.states import Tone
from hireops.desk.waiting import Waiting
from hireops.doctor import services
from hireops.doctor.findings import Finding, Level, in_words, worst
from hireops.doctor.models import Examination
from hireops.doorbell import ring
from hireops.jobs.display import newest_about, waiting_about
from hireops.jobs.tasks import work

ASK = "doctor.ask_examination"
TONES: dict[Level, Tone] = {Level.OK: "ok", Level.NOTICE: "quiet", Level.WARNING: "warn", Level.ERROR: "bad"}
WORDS = {
    Level.OK: _("well"),
    Level.NOTICE: _("for your information"),
    Level.WARNING: _("warning"),
    Level.ERROR: _("does not work"),
}


@admin.register(Examination)
class ExaminationAdmin(MirrorAdmin):
    help_page = "health#installation"
    empty_list = _(
        "An examination asks Feishu, the database, the broker and the hosts whether all is as it should "
        "be, and "
        "says what to do where it is not. Nobody has asked for one yet."
    )
    change_list_template = "admin/doctor/examination/change_list.html"
    change_form_template = "admin/doctor/examination/change_form.html"
    list_display = ("asked_at", "outcome", "asked_by", "host", "version")
    list_select_related = ("asked_by",)
    ordering = ("-id",)
    fields = ("asked_at", "asked_by", "finished_at", "host", "version")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        context = {"may_ask": request.user.has_perm(ASK), **(extra_context or {})}
        return super().changelist_view(request, context)

    @staff_page("ask/", name="ask", permission=ASK)
    def ask_view(self, request: HttpRequest) -> HttpResponse:
        """Leaves it to a worker and leads to the page that waits for it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            examination = services.ask(by=staff(request))
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return HttpResponseRedirect(self._url("changelist"))
        ring(work)
        return HttpResponseRedirect(self._url("change", examination.pk))

    def page_context(self, request: HttpRequest, obj: Examination) -> dict[str, Any]:
        findings = sorted((in_words(each) for each in obj.findings), key=lambda each: -each.level)
        return {
            "progress": newest_about(obj),
            "findings": [(each, TONES[each.level], WORDS[each.level]) for each in findings],
        }

    def waiting(self, request: HttpRequest, obj: Examination) -> Waiting | None:
        return waiting_about(obj)

    @admin.display(description=_("outcome"))
    def outcome(self, examination: Examination) -> SafeString:
        if examination.finished_at is None:
            return badge(_("Running"), "busy")
        findings = [in_words(each) for each in examination.findings]
        level = worst(findings)
        return badge(_summary(findings, level), TONES[level])


def _summary(findings: list[Finding], level: Level) -> str:
    if level <= Level.NOTICE:
        return gettext("well")
    counted = sum(each.level == level for each in findings)
    return f"{WORDS[level]} × {counted}"
