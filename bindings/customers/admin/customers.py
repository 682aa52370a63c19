"""The customers: a list, the form with contacts, and a page that shows everything of one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth.models import User
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from bindings.customers import files, services, tiers
from bindings.customers.admin import page
from bindings.customers.admin.forms import ContactForm, CustomerForm
from bindings.customers.codes import normalised
from bindings.models import BackgroundCheck, Customer, CustomerContact, EcoAccount, Exam
from hireops import contacts
from hireops.contacts import mask
from hireops.database import clock
from hireops.database.counting import CountedTo
from hireops.desk import audit
from hireops.desk.actions import StaffAction
from hireops.desk.admin import StaffAdmin, staff_action, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked
from hireops.desk.errors import Refused
from hireops.desk.finding import number
from hireops.desk.inlines import LabelledFormSet
from hireops.desk.lists import QuickChangeList
from hireops.desk.masking import may_see_personal_data
from hireops.desk.revealing import VIEW, is_revealed, reason_of
from hireops.desk.staff import name_and_login, staff
from hireops.spreadsheets.downloads import CONTENT_TYPES, as_file

if TYPE_CHECKING:
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _TabularInline = admin.TabularInline

COUNTED_IN_LIST = 100


@staff_action(
    permission="bindings.change_customer",
    label=_("Archive"),
    confirm=_(
        "No account can be bound to these customers any more, and lists leave them out. Accounts that are "
        "bound stay so, their orders go on, and nothing is lost. You can restore them at any time."
    ),
    offered=lambda customer: not customer.archived,
    counted=ngettext_lazy("Archive %(count)s customer", "Archive %(count)s customers", "count"),
)
def archive(customer: Customer, *, by: User, reason: str) -> None:
    services.archive(customer, by=by, reason=reason)


@staff_action(
    permission="bindings.change_customer",
    label=_("Restore"),
    confirm=_("Accounts can be bound to these customers again."),
    offered=lambda customer: customer.archived,
    counted=ngettext_lazy("Restore %(count)s customer", "Restore %(count)s customers", "count"),
)
def restore(customer: Customer, *, by: User, reason: str) -> None:
    services.restore(customer, by=by, reason=reason)


# --- Filters


class ArchivedFilter(admin.SimpleListFilter):
    """Without a choice the archived ones are left out."""

    title = _("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Archived")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        default, *others = super().choices(changelist)
        return [{**default, "display": gettext("Not archived")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() == "all" else queryset.filter(archived=self.value() == "yes")


class TierFilter(admin.SimpleListFilter):
    title = _("tier")
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(tier, tier) for tier in tiers.known()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class ResponsibleFilter(admin.SimpleListFilter):
    title = _("responsible")
    parameter_name = "responsible"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        theirs = Customer.objects.filter(responsible=OuterRef("pk"))
        people = User.objects.filter(Exists(theirs)).order_by("username")
        return [
            ("me", _("Me")),
            *((str(each.pk), name_and_login(each)) for each in people),
            ("nobody", _("Nobody")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen == "nobody":
            return queryset.filter(responsible=None)
        if chosen == "me":
            return queryset.filter(responsible=staff(request))
        return queryset.filter(responsible=int(chosen)) if chosen and chosen.isdecimal() else queryset


class WorkFilter(admin.SimpleListFilter):
    title = _("what is open")
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("late", _("Late orders")), ("open", _("Open orders")), ("unbound", _("No account yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "unbound":
            return queryset.exclude(Exists(EcoAccount.objects.filter(customer=OuterRef("pk"))))
        if self.value() not in {"late", "open"}:
            return queryset
        late = {"promised_on__lt": timezone.localdate(clock.now())} if self.value() == "late" else {}
        # Open orders are few: they are read once, where EXISTS would look for those of each customer.
        checks, exams = (
            order.objects.filter(ended_at=None, customer__isnull=False, **late).values("customer")
            for order in (BackgroundCheck, Exam)
        )
        return queryset.filter(Q(pk__in=checks) | Q(pk__in=exams))


# --- The list and its rows


class CustomerList(QuickChangeList):
    """Counts what belongs to the customers that are shown, and to no others."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        its = {"customer": OuterRef("pk")}
        counted = Customer.objects.filter(pk__in=[row.pk for row in rows]).values_list(
            "pk",
            CountedTo(EcoAccount.objects.filter(**its), COUNTED_IN_LIST + 1),
            CountedTo(BackgroundCheck.objects.filter(ended_at=None, **its), COUNTED_IN_LIST + 1),
            CountedTo(Exam.objects.filter(ended_at=None, **its), COUNTED_IN_LIST + 1),
        )
        counts = {pk: numbers for pk, *numbers in counted}
        for row in rows:
            row.account_count, row.open_checks, row.open_exams = counts.get(row.pk, (0, 0, 0))
        self.result_list = rows


class ContactFormSet(LabelledFormSet):
    """Without ``showing`` only new contacts are typed in: those that are there are masked on the page."""

    showing = True

    def get_queryset(self) -> Any:
        return super().get_queryset() if self.showing else CustomerContact.objects.none()


class ContactInline(_TabularInline):
    model = CustomerContact
    form = ContactForm
    formset = ContactFormSet
    extra = 1

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        """What was typed into the page with everything in the clear is taken, however long that took."""
        sent = request.method == "POST" and self.has_change_permission(request, obj)
        showing = obj is None or sent or is_revealed(request, obj, VIEW)
        formset = super().get_formset(request, obj, **kwargs)
        return type("Contacts", (formset,), {"showing": showing})


@admin.register(Customer)
class CustomerAdmin(StaffAdmin):
    help_page = "customers"
    is_exported = False  # it has a file of its own, which its import reads again
    empty_list = _(
        "The customers that are served, as the vendor's own books have them. Add one, or import many "
        "from a file."
    )
    amounts = ["accounts_shown", "orders_shown"]
    form = CustomerForm
    inlines = [ContactInline]
    change_form_template = "admin/bindings/customer/change_form.html"
    change_list_template = "admin/bindings/customer/change_list.html"
    list_display = [
        "name",
        "code_shown",
        "tier",
        "responsible_named",
        "accounts_shown",
        "orders_shown",
        "state_shown",
    ]
    list_filter = [WorkFilter, TierFilter, ResponsibleFilter, ArchivedFilter]
    list_select_related = ["responsible"]
    sortable_by = ["name", "code_shown"]
    search_fields = ["name"]
    exact_search_fields = ["normalised_code"]
    contact_search_fields = {
        "contacts__mobile": contacts.read_mobile,
        "contacts__email": contacts.read_email,
    }
    search_help_text = _(
        "Customer code from its beginning, part of the name, or a contact's mobile or email in full"
    )
    found_by = {
        "normalised_code": normalised,
        "normalised_code__startswith": normalised,
        "name__istartswith": str,
        "pk": number,
        **contact_search_fields,
    }
    found_by_words = _("How the code or the name begins, or a contact's mobile number or email in full")
    fieldsets = [(None, {"fields": [("code", "name"), ("tier", "responsible"), "notes"]})]
    staff_actions = [archive, restore]
    reveal_permission = VIEW
    edits_are_audited_by_services = True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # they are archived

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return super().get_queryset(request).select_related("responsible")

    # --- The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CustomerList]:
        return CustomerList

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "may_import": request.user.has_perm("bindings.add_customerimport"),
            "export_urls": {
                each: f"{self._url('export', each)}?{request.GET.urlencode()}" for each in CONTENT_TYPES
            },
            "asks_reason": page.asks_reason(request.user),
        }

    def values_searched(self, request: HttpRequest, term: str) -> dict[str, Any]:
        values = super().values_searched(request, term)
        values.pop("normalised_code", None)
        plain = normalised(term)
        return {"normalised_code__startswith": plain, **values} if plain else values

    def shown_first(self, term: str) -> Q:
        """Whose code it is, before those whose code only begins like that."""
        return Q(normalised_code=normalised(term))

    def found_as(self, obj: Customer) -> Sequence[str]:
        return [str(obj), obj.tier, gettext("archived") if obj.archived else ""]

    @admin.display(description=_("customer code"), ordering="normalised_code")
    def code_shown(self, customer: Customer) -> str:
        return customer.code

    @admin.display(description=_("responsible"))
    def responsible_named(self, customer: Customer) -> str:
        return str(customer.responsible or self.get_empty_value_display())

    @admin.display(description=_("accounts"))
    def accounts_shown(self, customer: Any) -> SafeString | str:
        return self._counted(customer, customer.account_count, "accounts")

    @admin.display(description=_("open orders"))
    def orders_shown(self, customer: Any) -> SafeString | str:
        return self._counted(customer, customer.open_checks + customer.open_exams, "orders")

    @admin.display(description=_("state"))
    def state_shown(self, customer: Customer) -> SafeString | str:
        return badge(_("archived")) if customer.archived else ""

    def title_badge(self, obj: Customer) -> SafeString | str:
        return self.state_shown(obj)

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(_("customer"), linked),
            Column(_("tier"), lambda customer: customer.tier),
            Column(_("responsible"), self.responsible_named),
            Column(_("state"), self.state_shown),
        ]

    def _counted(self, customer: Customer, count: int, part: str) -> SafeString | str:
        """With a link to that part of the customer's page."""
        if not count:
            return self.get_empty_value_display()
        url = f"{self._url('change', customer.pk)}#{part}"
        return format_html('<a href="{}">{}</a>', url, page.bounded(count, COUNTED_IN_LIST))

    @staff_page("export.<str:kind>", name="export")
    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The customers of the list with its filters and its search, as a file."""
        if kind not in CONTENT_TYPES:
            raise Http404
        back = HttpResponseRedirect(f"{self._url('changelist')}?{request.GET.urlencode()}")
        if request.method != "POST":
            return back
        try:
            reason = reason_of(request)
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return back
        with_contacts = may_see_personal_data(request.user)
        filters = {name: value for name, value in request.GET.items() if name != SEARCH_VAR}
        audit.record(
            by=staff(request),
            action=gettext_noop("customers exported"),
            on=staff(request),
            reason=reason,
            kind=kind,
            filters=filters,
            searched=SEARCH_VAR in request.GET,
            contacts=with_contacts,
        )
        customers = self.get_changelist_instance(request).queryset
        return as_file(files.table(customers, with_contacts=with_contacts), kind, "customers")

    # --- One customer

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if self.has_change_permission(request, obj) or may_see_personal_data(request.user):
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": [("code", "name"), ("tier", "responsible"), "notes_masked"]})]

    @admin.display(description=_("notes"))
    def notes_masked(self, customer: Customer) -> str:
        return mask(customer.notes) or self.get_empty_value_display()

    def get_inline_instances(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        inlines = super().get_inline_instances(request, obj)
        if obj is None or self.is_revealed(request, obj):
            return inlines
        if not self.has_change_permission(request, obj):
            return []
        for inline in inlines:
            inline.verbose_name_plural = _("Add contact persons")
        return inlines

    def may_reveal(self, request: HttpRequest, obj: Any) -> bool:
        return super().may_reveal(request, obj) and obj.contacts.exists()

    def page_context(self, request: HttpRequest, obj: Customer) -> dict[str, Any]:
        hidden = [] if self.is_revealed(request, obj) else list(obj.contacts.order_by("pk"))
        is_sent_again = request.method == "POST"  # with a mistake in it; then the form has what was typed
        return {
            "hidden_contacts": [] if is_sent_again else page.masked(hidden),
            "may_see_contacts": may_see_personal_data(request.user),
            "imports_url": reverse("admin:bindings_customerimport_changelist"),
            **page.shown(obj, request.user),
        }

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            services.create_customer(customer=obj, by=staff(request))
            return
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        services.change_customer(obj, values=values, by=staff(request))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        for contact in formset.save(commit=False):
            services.save_contact(contact, by=staff(request))
        for contact in formset.deleted_objects:
            services.delete_contact(contact, by=staff(request))
