"""The pages of an import: the upload, what was found in the file, the confirmation, and how far it is."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import IO, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.desk import audit
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import linked, state_badge
from hireops.desk.errors import Refused
from hireops.desk.language import shown_again
from hireops.desk.revealing import VIEW, shown_for
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting, share
from hireops.doorbell import ring
from hireops.imports import problems, services
from hireops.imports.checking import MOST_ROWS
from hireops.imports.forms import UploadForm
from hireops.imports.kinds import ImportKind
from hireops.imports.models import FileImport, ImportedRow, ImportState, RowState
from hireops.jobs.display import Progress, facts_of, newest_about, newest_job, told
from hireops.jobs.tasks import work
from hireops.spreadsheets.downloads import CONTENT_TYPES, as_file, in_this_language

PROBLEM_ROWS_SHOWN = 20


class FileImportAdmin(MirrorAdmin):
    """A room's class says what is its own: ``kind``, its two staff actions, its templates, and what follows.

    Addresses: ``…_add`` (the upload), ``…_template``, ``…_problems``.
    """

    is_exported = False  # each leads to rows, which have one
    empty_list = _(
        "No file has been uploaded yet. A file is checked first, and nothing changes before it is confirmed."
    )
    kind: ImportKind[Any, Any]
    states: type[ImportState] | Any = ImportState
    row_states: type[RowState] | Any = RowState
    upload_form: type[UploadForm] | Any = UploadForm
    upload_template = "admin/imports/upload.html"
    upload_title: str | Promise
    change_form_template = "admin/imports/change_form.html"
    template_name = "template"  # of the empty file
    most_rows = MOST_ROWS
    # What the progress bar says while the rows take effect, and which of their states count as done or left.
    applying_label: str | Promise = _("Being applied")
    done_states: Sequence[str] = (RowState.APPLIED,)
    left_states: Sequence[str] = (RowState.READY,)

    fields = ["state"]
    list_filter = ["state", "uploaded_at"]
    list_display = [
        "file_name",
        "state_shown",
        "rows",
        "how_far",
        "uploaded_by",
        "uploaded_at",
        "finished_at",
    ]
    amounts = ["rows", "how_far"]
    reveal_permission = VIEW

    def next_step(self, request: HttpRequest) -> tuple[str, str | Promise] | None:
        return (self._url("add"), self.upload_title) if self.has_add_permission(request) else None

    # --- What a room says of its rows

    def upload(self, request: HttpRequest, file: IO[bytes], name: str, form: Any) -> FileImport:
        """Keep the file, by the room's service. May raise ``Refused``."""
        raise NotImplementedError

    def template_header(self) -> list[str]:
        """The names above the columns of the empty file, in the reader's language."""
        raise NotImplementedError

    def problem_header(self) -> list[str]:
        """The same for the file of problems, without its line and its reason."""
        return self.template_header()

    def given(self, row: Any) -> list[str]:
        """A row as it was given, under ``problem_header``."""
        raise NotImplementedError

    def problem_rows(self, batch: FileImport) -> QuerySet[Any]:
        return services.problem_rows(self.kind, batch)

    def file_of_problems(
        self, batch: FileImport, header: Sequence[str], reason: Callable[[Any], str]
    ) -> Iterator[list[str]]:
        return services.file_of_problems(header, self.problem_rows(batch), self.given, reason)

    def reason(self, row: Any) -> str:
        """Why it is a row with a problem, in the reader's language."""
        raise NotImplementedError

    def row_named(self, row: Any, shown: Callable[[str], str]) -> str:
        """What the row is about, on the page of its import; ``shown`` masks who may not be seen."""
        raise NotImplementedError

    def row_badge(self, row: Any) -> SafeString:
        return state_badge(self.row_states(row.state))

    def row_url(self, row: Any) -> str:
        """The row's own page; "" if it has none."""
        return ""

    def rows_url(self, batch: FileImport) -> str:
        """The list of its rows, to which ``&state__exact=`` is added; "" if there is none."""
        return ""

    # --- Confirming

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(_("file"), linked),
            Column(_("rows"), lambda batch: batch.rows, is_number=True),
            Column(_("state"), self.state_shown),
            Column(_("uploaded by"), lambda batch: batch.uploaded_by),
        ]

    def waits_since(self, obj: FileImport) -> datetime | None:
        return obj.uploaded_at if obj.state == ImportState.CHECKED else None

    # --- The list

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: FileImport) -> SafeString:
        return state_badge(self.states(row.state))

    @admin.display(description=_("how far"))
    def how_far(self, row: FileImport) -> str:
        """Of one that is being checked or applied."""
        job = newest_job(row) if self._is_moving(row) else None
        return told(job) if job else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        imported = super().get_queryset(request).select_related("uploaded_by", "confirmed_by")
        return imported.defer("content")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.add_{self.opts.model_name}")

    # --- Uploading

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Keeps the file and goes on to the import's page at once; a worker checks the file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        request = shown_again(request)
        form = self.upload_form(*((request.POST, request.FILES) if request.method == "POST" else ()))
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                batch = self.upload(request, file, file.name, form)
            except Refused as refusal:
                form.add_error("file", str(refusal))
            else:
                ring(work)
                return HttpResponseRedirect(self._url("change", batch.pk))
        return self.render_form(
            request,
            self.upload_template,
            title=self.upload_title,
            form=form,
            most_rows=f"{self.most_rows:,}",
            most_mb=self.upload_form.most_bytes // 1024 // 1024,
            template_urls={each: self._url("template", each) for each in CONTENT_TYPES},
        )

    @staff_page("template.<str:kind>", name="template")
    def template_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """An empty file with the columns that are read."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return as_file(iter([self.template_header()]), kind, self.template_name)

    # --- One import

    @staff_page("<int:pk>/problems.<str:kind>", name="problems", permission=VIEW)
    def problems_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
        """The rows with a problem as they were given, and why; for who may see personal data."""
        batch = self.get_object(request, str(pk))
        if batch is None or kind not in CONTENT_TYPES:
            raise Http404
        header = [gettext("Line"), *self.problem_header(), gettext("Reason")]
        why = in_this_language(self.reason)

        def file(reason: str) -> HttpResponseBase:
            action = gettext_noop("problem rows downloaded")
            audit.record(by=staff(request), action=action, on=batch, reason=reason, kind=kind)
            return as_file(self.file_of_problems(batch, header, why), kind, f"problems-{batch.pk}")

        return self.with_reason(request, batch, file)

    def page_context(self, request: HttpRequest, obj: FileImport) -> dict[str, Any]:
        """How far it is, and what was found in the file."""
        counts = services.counts(self.kind, obj)
        done, total = self._done_and_all(counts)
        return {
            "batch": obj,
            "badge": self.state_shown(obj),
            "unreadable": problems.of_the_file(obj),
            "remarks": problems.remarks(obj),
            "has_ended": obj.state in {ImportState.DONE, ImportState.DISCARDED},
            "applied": counts.get(self.kind.applied, 0),
            "left": obj.rows - counts.get(self.kind.applied, 0) - counts.get(self.kind.there_already, 0),
            "there_already": counts.get(self.kind.there_already, 0),
            "discarded_by": _who_discarded(obj),
            "is_applying": obj.state == self.kind.applying,
            "counts": [(each, each.label, counts[each]) for each in self.row_states if counts.get(each)],
            "ready": counts.get(self.kind.ready, 0),
            "ended": done,
            "total": total,
            "rows_url": self.rows_url(obj),
            "may_confirm": self._may_confirm(request, obj) and bool(counts.get(self.kind.ready)),
            "confirm_url": self._url("staff_action", "confirm"),
            "progress": self._progress(obj, done, total),
            **self._problems(request, obj),
        }

    # --- How far it is

    def waiting(self, request: HttpRequest, obj: FileImport) -> Waiting:
        counts = services.counts(self.kind, obj) if obj.state != ImportState.CHECKING else {}
        if not self._is_moving(obj):
            return Waiting(self._ended_in_words(obj, counts), is_over=True)
        job = newest_job(obj)
        facts = (obj.rows, sorted(counts.items()), facts_of(job) if job else ())
        if obj.state == ImportState.CHECKING:
            return Waiting(gettext("Checking"), facts)
        return Waiting(share(str(self.applying_label), *self._done_and_all(counts)), facts)

    def _ended_in_words(self, batch: FileImport, counts: dict[str, int]) -> str:
        label = str(self.states(batch.state).label)
        if batch.state != ImportState.DONE:
            return label
        text = gettext("%(state)s: %(done)s of %(rows)s")
        return text % {"state": label, "done": counts.get(self.kind.applied, 0), "rows": batch.rows}

    def _is_moving(self, batch: FileImport) -> bool:
        return batch.state in {ImportState.CHECKING, self.kind.applying}

    def _done_and_all(self, counts: dict[str, int]) -> tuple[int, int]:
        done, left = (
            sum(counts.get(each, 0) for each in states) for states in (self.done_states, self.left_states)
        )
        return done, done + left

    def _may_confirm(self, request: HttpRequest, batch: FileImport) -> bool:
        permission = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return batch.state == ImportState.CHECKED and request.user.has_perm(permission)

    def _problems(self, request: HttpRequest, batch: FileImport) -> dict[str, Any]:
        shown = shown_for(request, batch)
        found: list[ImportedRow] = list(self.problem_rows(batch)[: PROBLEM_ROWS_SHOWN + 1])
        known: list[ImportedRow] = list(
            services.rows_there_already(self.kind, batch)[: PROBLEM_ROWS_SHOWN + 1]
        )
        return {
            "problem_rows": [self._row(row, shown) for row in found[:PROBLEM_ROWS_SHOWN]],
            "more_problems": len(found) > PROBLEM_ROWS_SHOWN,
            "known_rows": [self._row(row, shown) for row in known[:PROBLEM_ROWS_SHOWN]],
            "more_known": len(known) > PROBLEM_ROWS_SHOWN,
            "may_download": request.user.has_perm(VIEW),
            "problems_urls": {each: self._url("problems", batch.pk, each) for each in CONTENT_TYPES},
        }

    def _row(self, row: ImportedRow, shown: Callable[[str], str]) -> dict[str, Any]:
        return {
            "line": row.line,
            "url": self.row_url(row),
            "badge": self.row_badge(row),
            "named": self.row_named(row, shown),
            "reason": self.reason(row),
        }

    def _progress(self, batch: FileImport, done: int, total: int) -> Progress | None:
        """Counted from its rows. None where there is nothing to show."""
        checks, is_moving = batch.state == ImportState.CHECKING, self._is_moving(batch)
        if not is_moving and not (total and batch.state != ImportState.CHECKED):
            return None
        newest = newest_about(batch)
        return Progress(
            label=gettext("Checking") if checks else str(self.applying_label),
            done=done,
            total=None if checks else total,
            is_running=is_moving,
            trouble=newest.trouble if newest else "",
        )


def _who_discarded(batch: FileImport) -> str:
    """Of one that was, wholly or in part."""
    if batch.state not in {ImportState.DONE, ImportState.DISCARDED}:
        return ""
    entry = audit.entries_about(batch).filter(action=services.DISCARDED).first()
    return entry.who if entry else ""


def confirm_and_ring(kind: ImportKind[Any, Any], batch: FileImport, *, by: User, **how: Any) -> None:
    """For the staff action ``confirm`` of a room."""
    services.confirm(kind, batch, by=by, **how)
    ring(work)


def changelist_of(model: type[Model], query: str) -> str:
    options = model._meta  # noqa: SLF001  public API
    return f"{reverse(f'admin:{options.app_label}_{options.model_name}_changelist')}?{query}"
