"""The base of every admin page here."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import transaction
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.contacts import mask
from hireops.desk import ranges, searching, signed_out, waiting
from hireops.desk.actions import StaffActionsAdmin
from hireops.desk.admin.saved_filters import SavedFiltersAdmin
from hireops.desk.audit import entries_about, record
from hireops.desk.chosen import column_of
from hireops.desk.display import state_badge
from hireops.desk.errors import Refused
from hireops.desk.exporting import ExportedAdmin
from hireops.desk.finding import FindableAdmin
from hireops.desk.forms import ListRowForm
from hireops.desk.lists import QuickChangeList
from hireops.desk.mirrors import NobodyEdits
from hireops.desk.pages import staff_page
from hireops.desk.paging import AnyPaginator, UncountedPaginator, page_asked
from hireops.desk.proof import page_that_asks
from hireops.desk.revealing import PROOF, is_revealed, reason_of, reveal, shown_for
from hireops.desk.sections import sections_of
from hireops.desk.staff import staff
from hireops.desk.versions import VersionedAdmin
from hireops.desk.waiting import Waiting

HISTORY_SHOWN = 200
DATE_PARTS = ("year", "month", "day")


class StaffAdmin(VersionedAdmin, ExportedAdmin, StaffActionsAdmin, SavedFiltersAdmin, FindableAdmin):
    """Base of every admin page: quick on large tables, and what is edited here is audited.

    A service that is called while a form is saved or an object deleted may raise ``Refused``: nothing is
    changed then, and the person reads why; what was typed stays.
    """

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would be a COUNT(*)
    paginator = UncountedPaginator
    # What stands in place of a list without rows: what it lists, and what to do for there to be some.
    empty_list: str | Promise = ""
    # The time that rises with the id. A list of some days is in its order, and so read by its index: in the
    # order of ids the database would pass all that is newer.
    ordered_within_days_by = ""
    # Columns whose values stand to the right in one line, and those with long IDs, which are shortened.
    amounts: Sequence[str] = ()
    ids: Sequence[str] = ()
    # Columns that other pages link by, beside those of list_filter: "account" for ``?account__exact=3``.
    linked_by: Sequence[str] = ()
    # True where the services that do the edits write better audit entries, e.g. with the values of before.
    edits_are_audited_by_services = False
    # True where an edit gives or takes rights: who saves or deletes proves first who they are.
    edits_need_proof = False

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> AnyPaginator:
        paginator = super().get_paginator(request, queryset, *args, **kwargs)
        if isinstance(paginator, UncountedPaginator):
            # "p" is a list's page, "page" that of an autocomplete field
            paginator.page_asked = page_asked(request.GET.get("p") or request.GET.get("page"))
        return paginator

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QuickChangeList

    def next_step(self, request: HttpRequest) -> tuple[str, str | Promise] | None:
        """Where a list without rows leads to: an address and its name; None if this person can do nothing."""
        if not self.has_add_permission(request):
            return None
        return self._url("add"), gettext("Add %(name)s") % {"name": self.opts.verbose_name}

    # --- Searching

    def search_address(self) -> str:
        return self._url("search")

    @staff_page("search/", name="search")
    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Takes the search field, and goes on to the list with what was typed into it."""
        asked = request.GET.copy()
        if term := request.POST.get(SEARCH_VAR, "").strip():
            asked[SEARCH_VAR] = searching.in_address(term, request.user)
        return HttpResponseRedirect(f"{self._url('changelist')}?{asked.urlencode()}")

    # --- What an address may ask for

    def get_ordering(self, request: HttpRequest) -> Any:
        column = self.ordered_within_days_by
        if column and ranges.days_asked(request.GET, column):
            return (f"-{column}", "-pk")
        return super().get_ordering(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What a filter or a link of ours asks for.

        Django would compare any column of the table with any text, so that who may not see a mobile number
        could find it out digit by digit.
        """
        filters = self.get_list_filter(request) if request else self.list_filter
        allowed = {*map(_filtered_column, filters), *self.linked_by}
        if self.date_hierarchy:
            allowed |= {f"{self.date_hierarchy}__{part}" for part in DATE_PARTS}
        return column_of(lookup) in allowed or ranges.column_of(lookup) in allowed

    # --- What the pages show beyond what Django gives them

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        """For the template of the list."""
        return {}

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """For the template of the page of ``obj``, which this person may see."""
        return {}

    def waiting(self, request: HttpRequest, obj: Any) -> Waiting | None:
        """What the page of ``obj`` waits for: it then shows by itself what becomes of it. None: for nothing,
        and never did. Asked at every look, so it is cheap."""
        return None

    def _read_waiting(self, request: HttpRequest, object_id: str | None) -> Waiting | None:
        """What the page waits for, read before anything that it shows.

        Read afterwards, it may say that all is over beside a picture from a moment before, which then stays.
        """
        if object_id is None or type(self).waiting is StaffAdmin.waiting:
            return None
        obj = self.get_object(request, unquote(object_id))
        if obj is not None and self.has_view_permission(request, obj):
            return self.waiting(request, obj)
        if not waiting.is_look(request):
            return None
        if obj is None:
            raise Http404  # Django would lead to the home page, with a message
        raise PermissionDenied

    # --- What a page is called

    def whose(self, obj: Any) -> str:
        """Whom ``obj`` is about, in the clear: its page shows it as it shows personal data. "" for nobody."""
        return ""

    def title_of(self, obj: Any) -> str:
        """What it is: the rest of the title. One that is only a number gets its noun."""
        name = str(obj)
        return f"{capfirst(self.opts.verbose_name)} {name}" if name.startswith("#") else name

    def title_badge(self, obj: Any) -> SafeString | str:
        """Its state, beside the title."""
        return ""

    def named_in_messages(self, obj: Any) -> str:
        """“张* · Withdrawal #1”: masked, as a list shows it."""
        whose = mask(self.whose(obj))
        return f"{whose} · {self.title_of(obj)}" if whose else super().named_in_messages(obj)

    def _title(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """“张* · Withdrawal #1”, and the state that stands beside it."""
        title, noun = self.title_of(obj), self.opts.verbose_name
        whose = shown_for(request, obj)(self.whose(obj))
        says_what = title.startswith(str(capfirst(noun)))
        return {
            "title": f"{whose} · {title}" if whose else title,
            "subtitle": "" if says_what else noun,
            "title_badge": self.title_badge(obj),
        }

    def _reveal_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {
            "reveal_url": self._url("reveal", quote(obj.pk)) if self.may_reveal(request, obj) else "",
            "is_revealed": self.is_revealed(request, obj),
            "emptied_at": getattr(obj, "emptied_at", None),
            "asks_reason": settings.PERSONAL_DATA_ASKS_REASON,
        }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": capfirst(self.opts.verbose_name_plural),
            "export_url": self.export_address(request),
            **self.list_context(request),
        }

        def view() -> HttpResponse:
            return super(StaffAdmin, self).changelist_view(request, context | (extra_context or {}))

        return self._edit(request, view, self._told_at(request, request.get_full_path()))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs.get("obj")
        if obj is not None:
            context |= self._title(request, obj)
            context |= self._reveal_context(request, obj)
            context |= {"sections": sections_of(request, obj)}
            context |= self.page_context(request, obj)
            context |= waiting.context(request, getattr(request, "page_waits", None))
            context |= self.version_context(request, obj, context)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Whom a row is about

    # The right to see that in the clear; "" for rows that are about nobody.
    reveal_permission = ""

    def may_reveal(self, request: HttpRequest, obj: Any) -> bool:
        """Whether the page of ``obj`` has something to show to this person that is masked at first."""
        if not self.reveal_permission or getattr(obj, "emptied_at", None):
            return False
        return request.user.has_perm(self.reveal_permission)

    def is_revealed(self, request: HttpRequest, obj: Any) -> bool:
        return self.may_reveal(request, obj) and is_revealed(request, obj, self.reveal_permission)

    @staff_page("<path:object_id>/reveal/", name="reveal")
    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Writes down who looks at whom, then leads to the page with everything in the clear."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.may_reveal(request, obj):
            raise PermissionDenied

        def show(reason: str) -> HttpResponse:
            proof = reveal(obj, by=staff(request), reason=reason, permission=self.reveal_permission)
            return HttpResponseRedirect(f"{self._url('change', quote(obj.pk))}?{urlencode({PROOF: proof})}")

        return self.with_reason(request, obj, show)

    def with_reason(
        self, request: HttpRequest, obj: Any, show: Callable[[str], HttpResponseBase]
    ) -> HttpResponseBase:
        """What ``show(reason)`` gives, which writes down first who sees personal data of ``obj``, and why.

        Only a POST does; without a reason where one is asked for, it is the page of ``obj`` again.
        """
        page = self._url("change", quote(obj.pk))
        if request.method != "POST":
            return HttpResponseRedirect(page)
        try:
            return show(reason_of(request))
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(page)

    # --- What services refuse

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        def view() -> HttpResponse:
            return super(StaffAdmin, self).changeform_view(request, object_id, *args, **kwargs)

        def save() -> HttpResponse:
            if request.method != "POST" or object_id is None:
                return view()
            with transaction.atomic():
                self.refuse_stale(request, object_id)
                return view()

        def form_again(refusal: Refused) -> HttpResponse:
            asked: Any = request
            asked.refusal = str(refusal)
            return view()

        asked: Any = request
        asked.page_waits = self._read_waiting(request, object_id)
        if request.method == "POST" and signed_out.is_brought_back(request):
            return form_again(Refused(_("You are signed in again. Nothing was saved yet: look, then save.")))
        return waiting.unchanged(request, asked.page_waits) or self._edit(request, save, form_again)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **{"form": ListRowForm, **kwargs})

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", "")
        return _refused(form, refusal) if refusal else form

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        def view() -> HttpResponse:
            return super(StaffAdmin, self).delete_view(request, object_id, extra_context)

        return self._edit(request, view, self._told_at(request, self._url("change", object_id)))

    def _told_at(self, request: HttpRequest, url: str) -> Callable[[Refused], HttpResponse]:
        def tell(refusal: Refused) -> HttpResponse:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(url)

        return tell

    def _edit(
        self,
        request: HttpRequest,
        view: Callable[[], HttpResponse],
        refused: Callable[[Refused], HttpResponse],
    ) -> HttpResponse:
        """The response of ``view``; or, if a service refuses what was sent and its transaction is rolled
        back, of ``refused``.
        """
        if request.method != "POST":
            return view()
        if self._edits(request) and (page := page_that_asks(request)):
            return page
        try:
            return view()
        except Refused as refusal:
            return refused(refusal)

    def _edits(self, request: HttpRequest) -> bool:
        """Whether this POST saves or deletes; one of a list chooses an action, which asks by itself."""
        is_list = request.resolver_match is not None and request.path == self._url("changelist")
        return self.edits_need_proof and (not is_list or request.POST.get("action") == "delete_selected")

    # --- Links of a page that shows only

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": self._without_refused_link(request, options["fields"])})
            for title, options in fieldsets
        ]

    def _without_refused_link(self, request: HttpRequest, field: Any) -> Any:
        """Return the field, or a text in its place where Django would link to a page that is refused."""
        if isinstance(field, (list, tuple)):
            return [self._without_refused_link(request, each) for each in field]
        key = _foreign_key(self.opts, field)
        if key is None or not self.admin_site.is_registered(key.related_model):
            return field
        if self.admin_site.get_model_admin(key.related_model).has_view_permission(request):
            return field

        def text(row: Model) -> Any:
            return getattr(row, field)

        text.__name__ = field
        return admin.display(description=key.verbose_name)(text)

    # --- The audit of one object

    # Not Django's own log beside the audit: nobody sees it, and it knows less.

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._audit(request, gettext_noop("added"), obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._audit(request, gettext_noop("changed"), obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            self._audit(request, gettext_noop("deleted"), obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The object's audit entries: edits made here and everything that services recorded."""
        obj = self.get_object(request, object_id)
        entries = entries_about(obj)[:HISTORY_SHOWN] if obj else []
        return super().history_view(request, object_id, {"entries": entries, **(extra_context or {})})

    def _audit(self, request: HttpRequest, action: str, obj: Model, message: Any = "") -> None:
        if self.edits_are_audited_by_services:
            return
        changes = {"changes": message} if message else {}
        record(
            by=staff(request), action=action, on=obj, **changes, **self.audit_details(request, action, obj)
        )

    def audit_details(self, request: HttpRequest, action: str, obj: Model) -> dict[str, Any]:
        """What else the audit is to know of an edit."""
        return {}


def _refused(form: type["ModelForm[Any]"], refusal: str) -> type["ModelForm[Any]"]:
    """Shows what was typed once more, with the refusal above it, and is never valid."""

    def clean(self: "ModelForm[Any]") -> Any:
        self.add_error(None, refusal)
        return form.clean(self)

    return type(form.__name__, (form,), {"clean": clean})


def _filtered_column(list_filter: Any) -> str:
    """What the address says for a filter: its column, or the word that it has chosen for itself."""
    if isinstance(list_filter, tuple | list):
        return str(list_filter[0])
    name = getattr(list_filter, "parameter_name", None) or getattr(list_filter, "name", list_filter)
    return column_of(name)


class MirrorAdmin(NobodyEdits, StaffAdmin):
    """Rows that mirror what happened elsewhere. Nobody edits them here, not even a superuser.

    There may be millions, so they have one order; name columns with an index in ``sortable_by`` for more.
    """

    sortable_by: ClassVar[list[str] | tuple[str, ...] | None] = ()

    @admin.display(description="#", ordering="id")
    def number(self, row: Model) -> Any:
        return row.pk

    def title_badge(self, obj: Any) -> SafeString | str:
        return self.state_shown(obj) if hasattr(obj, "State") and hasattr(obj, "state") else ""

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: Any) -> SafeString:
        """Of rows whose ``State`` is a ``States``."""
        return state_badge(row.State(row.state))


def _foreign_key(options: Any, name: Any) -> Any:
    """Return the foreign key of that name; None for any other column of a page."""
    try:
        field = options.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, ForeignKey) else None
