"""The working calendar: its special days, and loading a year that has been announced."""

from collections.abc import Sequence
from typing import IO, Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.db.models.functions import ExtractIsoWeekDay
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bindings.models import WorkDay
from bindings.workdays import notices, services
from bindings.workdays.notices import Notice
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.display import badge
from hireops.desk.errors import Refused
from hireops.desk.staff import staff
from hireops.spreadsheets.errors import UnreadableFileError, reason_unreadable

LOAD = "bindings.change_workday"
MOVES_SHOWN = 200
MOST_BYTES = 100_000
KEPT_FOR_S = 12 * 60 * 60
FRIDAY = 5


class NoticeForm(forms.Form):
    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
    source = forms.CharField(
        label=_("Source"),
        max_length=200,
        help_text=_(
            "Where it was announced, such as the notice's title and number. It is kept with the days."
        ),
    )
    days = forms.CharField(
        label=_("Holidays and make-up days"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        help_text=_(
            "One line for each, such as “2027-02-05 ~ 2027-02-11 休 春节” or “2027-02-20 班”. All other days "
            "are worked on from Monday to Friday."
        ),
    )
    file = forms.FileField(label=_("or a file with such lines (CSV or XLSX)"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is not None:
            if (file.size or 0) > MOST_BYTES:
                raise ValidationError(gettext("The file is too large for a calendar of one year."))
            cleaned["days"] = f"{cleaned.get('days', '')}\n{_lines_of(file, file.name)}".strip()
        if not str(cleaned.get("days", "")).strip():
            raise ValidationError(gettext("Paste the days, or choose a file."))
        return cleaned


@admin.register(WorkDay)
class WorkDayAdmin(MirrorAdmin):
    """Only days that are otherwise than their weekday says are listed."""

    help_page = "promised-dates#calendar"

    empty_list = _(
        "Holidays and weekends that are worked, by which promised dates are counted. No year has been "
        "loaded yet."
    )
    change_list_template = "admin/bindings/workday/change_list.html"
    list_display = ["date", "weekday", "works_shown", "name", "source"]
    list_filter = ["works"]
    date_hierarchy = "date"
    fields = ["date", "weekday", "works_shown", "name", "source", "loaded_at"]

    def next_step(self, request: HttpRequest) -> tuple[str, str | Promise] | None:
        return (self._url("load"), gettext("Load a year")) if request.user.has_perm(LOAD) else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkDay]:
        days: QuerySet[WorkDay] = super().get_queryset(request)
        days = days.alias(weekday=ExtractIsoWeekDay(F("date")))
        return days.filter(Q(works=False, weekday__lte=FRIDAY) | Q(works=True, weekday__gt=FRIDAY))

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"may_load": request.user.has_perm(LOAD)}

    @admin.display(description=_("weekday"))
    def weekday(self, day: WorkDay) -> str:
        return str(WEEKDAYS[day.date.weekday()])

    @admin.display(description=_("is worked"))
    def works_shown(self, day: WorkDay) -> SafeString:
        return badge(_("working day"), "warn") if day.works else badge(_("day off"), "ok")

    @staff_page("load/", name="load", permission=LOAD)
    def load_view(self, request: HttpRequest) -> HttpResponse:
        """POST ``days`` shows what would be loaded and what would move; POST ``notice`` does it."""
        if "notice" in request.POST:
            return self._load(request)
        form = NoticeForm(request.POST or None, request.FILES or None, initial=self._initial())
        if request.method == "POST" and form.is_valid():
            asked = form.cleaned_data
            try:
                notice = notices.read(asked["days"], year=asked["year"], source=asked["source"])
            except Refused as refusal:
                form.add_error("days", str(refusal))
            else:
                return self._preview(request, notice)
        return self.render_form(
            request, "admin/bindings/workday/load.html", title=_("Load a year"), form=form
        )

    def _initial(self) -> dict[str, Any]:
        last = WorkDay.objects.order_by("-date").first()
        year = last.date.year + 1 if last else services.today().year
        return {"year": year, "source": f"国务院办公厅关于{year}年部分节假日安排的通知"}

    def _preview(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        moves = services.moves(notice)
        return self.render_page(
            request,
            "admin/bindings/workday/preview.html",
            title=_("Load the calendar of %(year)s?") % {"year": notice.year},
            notice=notice,
            is_loaded=services.is_loaded(notice.year),
            days=[(each, WEEKDAYS[each.day.weekday()]) for each in notice.days],
            moves=moves[:MOVES_SHOWN],
            move_count=len(moves),
            not_shown=max(len(moves) - MOVES_SHOWN, 0),
            kept=signing.dumps(_kept(notice), salt=_salt(request), compress=True),
        )

    def _load(self, request: HttpRequest) -> HttpResponse:
        try:
            kept = signing.loads(request.POST["notice"], salt=_salt(request), max_age=KEPT_FOR_S)
            year, source, lines = kept
            moved = services.load(notices.read("\n".join(lines), year=year, source=source), by=staff(request))
        except signing.BadSignature:
            messages.error(
                request, gettext("Nothing was loaded: the page was too old. Paste the days again.")
            )
            return HttpResponseRedirect(self._url("load"))
        text = gettext("The calendar of %(year)s is loaded. Promises that have moved: %(moved)s.")
        messages.success(request, text % {"year": year, "moved": moved})
        return HttpResponseRedirect(self._url("changelist"))


def _kept(notice: Notice) -> tuple[int, str, Sequence[str]]:
    lines = [f"{each.day} {'班' if each.works else '休'} {each.name}" for each in notice.days]
    return notice.year, notice.source, lines


def _salt(request: HttpRequest) -> str:
    return f"bindings.workdays.{request.user.pk}"


def _lines_of(file: IO[bytes], name: str) -> str:
    try:
        return notices.lines_of(file, name)
    except UnreadableFileError as error:
        raise ValidationError(reason_unreadable(error.key, error.details)) from error
