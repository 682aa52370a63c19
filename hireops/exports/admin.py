"""The pages of exports: where one is asked for, how far it is, and where its file is to be had."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import MirrorAdmin, staff_action, staff_page
from hireops.desk.display import labelled, moment, state_badge
from hireops.desk.errors import Refused
from hireops.desk.exporting import EXPORT, MENU_ENTRY, texts_of
from hireops.desk.language import is_being_switched
from hireops.desk.paging import AtLeast
from hireops.desk.proof import page_that_asks
from hireops.desk.searching import UnreadableSearchError
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.exports import lists, services
from hireops.exports.forms import AskForm
from hireops.exports.lists import CHOSEN, Asked, ListSeen
from hireops.exports.models import Export
from hireops.jobs.display import newest_about, waiting_about
from hireops.jobs.tasks import work
from hireops.spreadsheets.downloads import CONTENT_TYPES

SEE_ALL = "exports.view_export"
ASK_FORM = "ask"
State = Export.State


@admin.action(description=_("Export the chosen rows"))
def export_chosen(list_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse:
    """In the menu of every list that has one: leads to the page that asks, with the rows that have a tick."""
    address = list_admin.export_address(request)
    if request.POST.get("select_across") != "1":
        chosen = QueryDict(mutable=True)
        chosen[CHOSEN] = ",".join(map(str, rows.values_list("pk", flat=True)))
        address += f"{'&' if '?' in address else '?'}{chosen.urlencode()}"
    return HttpResponseRedirect(address)


admin.site.add_action(export_chosen, MENU_ENTRY)


@staff_action(
    permission=EXPORT,
    label=_("Cancel"),
    confirm=_("What has been written so far is removed."),
    offered=lambda export: export.state == State.WORKING,
)
def cancel(export: Export, *, by: User, reason: str) -> None:
    services.cancel(export, by=by, reason=reason)


@admin.register(Export)
class ExportAdmin(MirrorAdmin):
    help_page = "exports"
    empty_list = _(
        "Lists as files. Ask for one with “Export” above any list; it is written in the background and waits "
        "here for who has asked for it."
    )
    is_exported = False
    amounts = ["rows"]
    change_form_template = "admin/exports/export/change_form.html"
    list_display = [
        "list_shown",
        "narrowed_shown",
        "state_shown",
        "rows",
        "people_shown",
        "asked_by",
        "asked_at",
    ]
    list_filter = ["state"]
    list_select_related = ["asked_by"]
    fields = [
        "list_shown",
        "narrowed_shown",
        "people_shown",
        "state_shown",
        "rows_shown",
        "size_shown",
        "sha256_shown",
        "asked_by",
        "asked_at",
        "finished_at",
        "goes_shown",
    ]
    staff_actions = [cancel]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(EXPORT) or request.user.has_perm(SEE_ALL)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        """The own ones; that there are others, who may see that. Nobody has another one's file."""
        exports: QuerySet[Export] = super().get_queryset(request)
        return exports if request.user.has_perm(SEE_ALL) else exports.filter(asked_by=request.user.pk)

    def is_offered(self, request: HttpRequest, action: Any, obj: Any) -> bool:
        return obj.asked_by_id == request.user.pk and super().is_offered(request, action, obj)

    def waiting(self, request: HttpRequest, obj: Export) -> Waiting | None:
        return waiting_about(obj, obj.state)

    # --- Asking

    @staff_page("ask/<slug:app>/<slug:model>/", name="ask", permission=EXPORT)
    def ask_view(self, request: HttpRequest, app: str, model: str) -> HttpResponse:
        """Says what the file of the list in the address would have, and has it written."""
        try:
            asked = Asked.by(request)
        except UnreadableSearchError:
            raise Http404 from None
        listed = lists.seen(app, model, staff(request), asked)
        typed = request.method == "POST"
        is_sent = typed and not is_being_switched(request)
        form = AskForm(
            request.POST if is_sent else None,
            initial=request.POST.dict() if typed else None,
            may_be_in_the_clear=listed.may_be_in_the_clear,
        )
        if is_sent and form.is_valid():
            if form.cleaned_data.get("in_the_clear") and (page := page_that_asks(request)):
                return page
            if export := self._asked_for(request, listed, form):
                return HttpResponseRedirect(self._url("change", export.pk))
        return self._ask_page(request, listed, form)

    def _asked_for(self, request: HttpRequest, listed: ListSeen, form: AskForm) -> Export | None:
        given = {"in_the_clear": False, "reason": "", **form.cleaned_data}
        try:
            export = services.ask(listed, by=staff(request), **given)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return None
        ring(work)
        return export

    def _ask_page(self, request: HttpRequest, listed: ListSeen, form: AskForm) -> HttpResponse:
        back = listed.address
        if query := listed.asked.query(staff(request)):
            back = f"{back}?{query.urlencode()}"
        try:
            rows = listed.count()
        except lists.CannotBeExportedError:
            raise Http404 from None
        return self.render_page(
            request,
            "admin/exports/export/ask.html",
            title=gettext("Export: %(list)s") % {"list": listed.name},
            listed=listed,
            row_count=int(rows),
            rows=f"{int(rows):,}+" if isinstance(rows, AtLeast) else f"{rows:,}",
            narrowed=listed.narrowed(),
            columns=list(zip(texts_of(listed.columns), listed.columns, strict=True)),
            form=form,
            form_sent_again=ASK_FORM,
            address=request.get_full_path(),
            back=back,
            keep_days=settings.EXPORTS_KEEP_DAYS,
        )

    # --- One export

    def page_context(self, request: HttpRequest, obj: Export) -> dict[str, Any]:
        is_own = obj.asked_by_id == request.user.pk
        return {
            "export": obj,
            "progress": newest_about(obj) if obj.state == State.WORKING else None,
            "problem": gettext(obj.problem) if obj.problem else "",
            "is_own": is_own,
            "download_url": self._url("download", obj.pk) if is_own and obj.state == State.READY else "",
            "size": self.size_shown(obj),
            "goes_at": obj.goes_at,
        }

    @staff_page("<int:pk>/download/", name="download", permission=EXPORT)
    def download_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """A POST by who has asked for it gets the file, and is in the audit."""
        export: Export | None = self.get_object(request, str(pk))
        if export is None:
            raise Http404
        page = HttpResponseRedirect(self._url("change", pk))
        if request.method != "POST":
            return page
        if export.in_the_clear and (proof := page_that_asks(request)):
            return proof
        try:
            content = services.give_out(export, by=staff(request))
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return page
        response = StreamingHttpResponse(content, content_type=CONTENT_TYPES[export.format])
        response["Content-Disposition"] = f'attachment; filename="{_file_name(export)}"'
        response["Content-Length"] = str(export.size)
        response["Cache-Control"] = "no-store"
        return response

    # --- Columns

    @admin.display(description=_("list"))
    def list_shown(self, export: Export) -> str:
        return str(export)

    @admin.display(description=_("narrowed by"))
    def narrowed_shown(self, export: Export) -> str:
        return ", ".join(labelled(label, text) for label, text in export.narrowed)

    @admin.display(description=_("personal data"))
    def people_shown(self, export: Export) -> str:
        return gettext("in the clear") if export.in_the_clear else gettext("masked")

    @admin.display(description=_("state"))
    def state_shown(self, row: Export) -> Any:
        return state_badge(State(row.state))

    @admin.display(description=_("rows"))
    def rows_shown(self, export: Export) -> str:
        return f"{export.rows:,}"

    @admin.display(description=_("size"))
    def size_shown(self, export: Export) -> str:
        return self.get_empty_value_display() if export.size is None else filesizeformat(export.size)

    @admin.display(description="SHA-256")
    def sha256_shown(self, export: Export) -> str:
        return export.sha256 or self.get_empty_value_display()

    @admin.display(description=_("removed on"))
    def goes_shown(self, export: Export) -> str:
        return moment(export.goes_at) if export.goes_at else self.get_empty_value_display()


def _file_name(export: Export) -> str:
    """``referralaccount-20261123-12.xlsx``: of letters that every system knows."""
    model = export.listed.rpartition(".")[2]
    return f"{model}-{timezone.localtime(export.asked_at):%Y%m%d}-{export.pk}.{export.format}"
