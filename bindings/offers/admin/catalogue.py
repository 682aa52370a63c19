"""The catalogue: check packages, additional items and exam papers, and whom each is offered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet, TextField
from django.forms import CheckboxSelectMultiple, Textarea
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from bindings.models import AdditionalItem, CheckPackage, ExamPaper, StageTemplate
from bindings.offers import catalogue, choosing, stages, windows
from bindings.offers.admin.page import offered_to, outdated_message
from bindings.offers.forms import CopyForm, OfferedToForm, PaperForm, StageForm, StageFormSet
from bindings.offers.models import Item
from hireops.desk.actions import StaffAction
from hireops.desk.admin import StaffAdmin, staff_action, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked
from hireops.desk.errors import Refused
from hireops.desk.forms import UntouchedStays
from hireops.desk.staff import staff

if TYPE_CHECKING:
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _TabularInline = admin.TabularInline

CHOOSE = "bindings.choose_offer"
ARCHIVE = "admin/bindings/catalogue/archive.html"


def _archiving(model: str) -> list[StaffAction]:
    """Archiving and taking back, for who may change rows of this model."""
    permission = f"bindings.change_{model}"

    @staff_action(
        permission=permission,
        label=gettext_lazy("Archive"),
        confirm=gettext_lazy(
            "It can't be offered to anybody any more, and the accounts below are to lose it. Feishu keeps it "
            "until they are brought up to date; orders that customers have placed stay."
        ),
        dangerous=True,
        offered=lambda item: not item.archived,
        counted=ngettext_lazy("Archive %(count)s item", "Archive %(count)s items", "count"),
        template=ARCHIVE,
    )
    def archive(item: Item, *, by: User, reason: str) -> None:
        catalogue.archive(item, by=by, reason=reason)

    @staff_action(
        permission=permission,
        label=gettext_lazy("Take back from the archive"),
        confirm=gettext_lazy(
            "It is to be offered again to those that it was offered to. Feishu hears of it when the accounts "
            "below are brought up to date."
        ),
        offered=lambda item: bool(item.archived),
        counted=ngettext_lazy(
            "Take %(count)s item back from the archive", "Take %(count)s items back from the archive", "count"
        ),
        template=ARCHIVE,
    )
    def restore(item: Item, *, by: User, reason: str) -> None:
        catalogue.restore(item, by=by, reason=reason)

    return [archive, restore]


class CatalogueAdmin(StaffAdmin):
    """What the three kinds have in common."""

    help_page = "offers"

    form = UntouchedStays
    change_form_template = "admin/bindings/catalogue/change_form.html"
    list_display_links = ["name"]
    list_filter = ["archived"]
    search_fields = ["code", "name"]
    search_help_text = gettext_lazy("Part of the code or the name")
    ordering = ["archived", "name", "id"]
    edits_are_audited_by_services = True
    formfield_overrides = {TextField: {"widget": Textarea(attrs={"rows": 5, "class": "vLargeTextField"})}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With how many it is offered to."""
        rows: Any = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(
            accounts_offered=Count("offers", filter=Q(offers__account__isnull=False)),
            customers_offered=Count("offers", filter=Q(offers__customer__isnull=False)),
            tiers_offered=Count("offers", filter=~Q(offers__tier="") & Q(offers__pk__isnull=False)),
        )
        return counted

    # --- The list

    @admin.display(description=gettext_lazy("offered to"))
    def offered_in_words(self, item: Any) -> str:
        counts = [
            (item.tiers_offered, ngettext("%(n)d tier", "%(n)d tiers", item.tiers_offered)),
            (item.customers_offered, ngettext("%(n)d customer", "%(n)d customers", item.customers_offered)),
            (item.accounts_offered, ngettext("%(n)d account", "%(n)d accounts", item.accounts_offered)),
        ]
        return ", ".join(text % {"n": count} for count, text in counts if count) or _("nobody")

    @admin.display(description=gettext_lazy("state"), ordering="archived")
    def state_in_words(self, item: Item) -> SafeString:
        return badge(_("archived")) if item.archived else badge(_("in the catalogue"), "ok")

    # --- One of them

    def get_readonly_fields(self, request: HttpRequest, obj: Item | None = None) -> list[str]:
        return ["code"] if obj and catalogue.has_been_sent(obj) else []

    def save_model(self, request: HttpRequest, obj: Item, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            catalogue.add(obj, by=staff(request))
            return
        written = [name for name in form.changed_data if name in catalogue.WRITTEN[type(obj)]]
        values = {name: form.cleaned_data[name] for name in written}
        if concerned := catalogue.change(obj, values=values, by=staff(request)):
            self.message_user(request, outdated_message(concerned))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # orders name it by its code: it is archived

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        may_choose = request.user.has_perm(CHOOSE)
        return {
            "offered": offered_to(obj),
            "code_is_fixed": catalogue.code_is_fixed(obj) if catalogue.has_been_sent(obj) else "",
            "offered_url": self._url("offered", obj.pk) if may_choose and not obj.archived else "",
            "copy_url": self._url("copy", obj.pk) if self.has_add_permission(request) else "",
        }

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(self.opts.verbose_name, linked),
            Column(_("offered to"), self.offered_in_words),
            Column(_("state"), self.state_in_words),
        ]

    def confirmation_context(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> dict[str, Any]:
        return {"concerned": [(item, offered_to(item)) for item in objects]}

    def _item(self, request: HttpRequest, object_id: str) -> Any:
        item = self.get_object(request, unquote(object_id))
        if item is None:
            raise Http404
        return item

    # --- Who is offered it

    @staff_page("<path:object_id>/offered/", name="offered", permission=CHOOSE)
    def offered_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tiers, customers and accounts to tick; nothing is sent by it."""
        item = self._item(request, object_id)
        form = OfferedToForm(request.POST or None, item=item)
        if request.method == "POST" and form.is_valid():
            added, removed = form.choices()
            try:
                count = choosing.choose(offered=added, withdrawn=removed, by=staff(request))
            except Refused as reason:
                self.message_user(request, str(reason), messages.ERROR)
            else:
                self.message_user(request, outdated_message(count))
                return HttpResponseRedirect(self._url("change", item.pk))
        return self.render_page(
            request,
            "admin/bindings/catalogue/offered.html",
            title=_("Who is offered %(item)s") % {"item": item.name},
            item=item,
            form=form,
            media=self.media + form.media,
            back=self._url("change", item.pk),
        )

    # --- A copy

    @staff_page("<path:object_id>/copy/", name="copy")
    def copy_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks for the code and the name of the copy, and leads to it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        item = self._item(request, object_id)
        proposed = {"name": _("%(name)s (copy)") % {"name": item.name}}
        form = CopyForm(request.POST or None, model=type(item), initial=proposed)
        if request.method == "POST" and form.is_valid():
            made = catalogue.copy(item, by=staff(request), **form.cleaned_data)
            self.message_user(request, _("Copied. Nobody is offered it yet."), messages.SUCCESS)
            return HttpResponseRedirect(self._url("change", made.pk))
        return self.render_form(
            request,
            "admin/bindings/catalogue/copy.html",
            title=_("Copy %(item)s") % {"item": item},
            item=item,
            form=form,
        )


class StageInline(_TabularInline):
    model = StageTemplate
    form = StageForm
    formset = StageFormSet
    extra = 1
    fields = ["position", "name", "en_name", "turn", "stops_clock", "is_optional"]


@admin.register(CheckPackage)
class CheckPackageAdmin(CatalogueAdmin):
    empty_list = gettext_lazy(
        "The packages that are sold. Add one, then offer it to accounts, customers or tiers."
    )
    list_display = ["name", "code", "working_days", "offered_in_words", "state_in_words"]
    fieldsets = [
        (None, {"fields": ["code", "name", "description", "working_days"]}),
        (gettext_lazy("What goes with it"), {"fields": ["additional_items"]}),
    ]
    inlines = [StageInline]
    staff_actions = _archiving("checkpackage")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "additional_items":
            kwargs["queryset"] = AdditionalItem.objects.filter(archived=False)
            kwargs["widget"] = CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        before = stages.written(form.instance)
        super().save_formset(request, form, formset, change)
        stages.record_change(form.instance, before=before, by=staff(request))


@admin.register(AdditionalItem)
class AdditionalItemAdmin(CatalogueAdmin):
    empty_list = gettext_lazy(
        "What can be ordered beside a package. Add an item, then offer it to accounts, customers or tiers."
    )
    list_display = ["name", "code", "extra_working_days", "offered_in_words", "state_in_words"]
    fields = ["code", "name", "description", "extra_working_days"]
    staff_actions = _archiving("additionalitem")


class WindowFilter(admin.SimpleListFilter):
    title = gettext_lazy("window")
    parameter_name = "window"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("passed", gettext_lazy("has passed")),
            (windows.OFFERED, gettext_lazy("has passed, and is still offered")),
            ("open", gettext_lazy("can still be taken")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "passed":
                return windows.passed(queryset)
            case windows.OFFERED:
                return queryset.filter(pk__in=windows.passed_and_offered(queryset).values("pk"))
            case "open":
                return windows.still_open(queryset)
        return queryset


@admin.register(ExamPaper)
class ExamPaperAdmin(CatalogueAdmin):
    empty_list = gettext_lazy(
        "The papers that exams are taken on. Add one, then offer it to accounts, customers or tiers."
    )
    form = PaperForm
    list_display = [
        "name",
        "code",
        "duration",
        "question_count",
        "window_in_words",
        "offered_in_words",
        "state_in_words",
    ]
    list_filter = ["archived", WindowFilter]
    fieldsets = [
        (None, {"fields": ["code", "name", "description", "working_days"]}),
        (
            gettext_lazy("The exam"),
            {
                "fields": ["duration", "question_count", "start_time", "end_time"],
                "description": format_lazy(
                    gettext_lazy("Times are those of {zone}. Without a time there is no limit on that side."),
                    zone=settings.TIME_ZONE,
                ),
            },
        ),
    ]
    staff_actions = _archiving("exampaper")

    @admin.display(description=gettext_lazy("can be taken"), ordering="end_time")
    def window_in_words(self, paper: ExamPaper) -> SafeString | str:
        return windows.shown(paper)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return super().page_context(request, obj) | {"window_passed": windows.warning(obj)}
