"""Order forms: their fields, which accounts they are for, and bringing all of these up to date."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.fields.admin import form_picture
from bindings.models import AccountOrderForm, EcoAccount, OrderForm, OrderFormField, OrderFormPush, Scope
from bindings.order_forms import lists, pushes, services
from bindings.order_forms.admin.forms import NewOrderForm, OrderFormFieldForm
from bindings.order_forms.texts import CONSEQUENCES, ROADS, reasons
from hireops.database.counting import CountedTo
from hireops.desk.admin import StaffAdmin, staff_page
from hireops.desk.errors import Refused
from hireops.desk.paging import at_most
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.jobs.display import newest_about, waiting_about
from hireops.jobs.tasks import work

if TYPE_CHECKING:
    _StackedInline = admin.StackedInline[OrderFormField, OrderForm]
else:
    _StackedInline = admin.StackedInline

CHANGE, PUSH = "bindings.change_orderform", "bindings.push_orderform"
FIND = "find"  # the button that looks for more accounts, and gives nothing to any
MOST_SHOWN = 200
MOST_COMPARED = 1000
NAMED = 20
COUNTED_IN_LIST = 1000


class FieldInline(_StackedInline):
    model = OrderFormField
    form = OrderFormFieldForm
    extra = 0
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("name_zh", "name_en"),
                    ("type", "is_required", "sensitive", "position"),
                    ("description_zh", "description_en"),
                    "options_text",
                    "base_key",
                ]
            },
        )
    ]

    # They are part of their form, and have no permissions of their own.

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("bindings.view_orderform")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(CHANGE)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(CHANGE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(CHANGE)


@admin.register(OrderForm)
class OrderFormAdmin(StaffAdmin):
    help_page = "order-forms"
    empty_list = gettext_lazy(
        "What customers fill in when they order a background check. Add a form, choose its accounts, "
        "and push it."
    )
    amounts = ["field_count", "account_count", "behind_count"]
    change_form_template = "admin/bindings/orderform/change_form.html"
    list_display = ["name", "field_count", "account_count", "behind_count", "updated_at"]
    list_filter = ["archived"]
    search_fields = ["name"]
    fields = ["name", "notes", "archived"]
    inlines = [FieldInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderForm]:
        found: QuerySet[OrderForm] = super().get_queryset(request)
        theirs = AccountOrderForm.objects.filter(form=OuterRef("pk"))
        behind = lists.out_of_date().filter(form=OuterRef("pk"))
        return found.annotate(
            field_number=CountedTo(OrderFormField.objects.filter(form=OuterRef("pk")), COUNTED_IN_LIST + 1),
            account_number=CountedTo(theirs, COUNTED_IN_LIST + 1),
            behind_number=CountedTo(behind, COUNTED_IN_LIST + 1),
        )

    @admin.display(description=gettext_lazy("fields"))
    def field_count(self, form: OrderForm) -> int:
        return form.field_number  # type: ignore[attr-defined, no-any-return]

    @admin.display(description=gettext_lazy("accounts"))
    def account_count(self, form: OrderForm) -> int:
        return at_most(form.account_number, COUNTED_IN_LIST)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("out of date"))
    def behind_count(self, form: OrderForm) -> int:
        return at_most(form.behind_number, COUNTED_IN_LIST)  # type: ignore[attr-defined]

    # --- Defining

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "notes":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 2})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        if obj is None:
            return NewOrderForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: OrderForm | None = None) -> Any:
        return super().get_fields(request, obj) if obj else ["name", "start_with", "notes"]

    def get_inlines(self, request: HttpRequest, obj: OrderForm | None) -> Any:
        return self.inlines if obj else []

    def save_model(self, request: HttpRequest, obj: OrderForm, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            services.lock_form(obj)
        super().save_model(request, obj, form, change)
        if not change and form.cleaned_data["start_with"]:
            services.start_with(obj, form.cleaned_data["start_with"])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        services.note_edit(form.instance)

    def response_add(self, request: HttpRequest, obj: OrderForm, post_url_continue: str | None = None) -> Any:
        self.message_user(request, _("The form is there. Look at its fields, then choose its accounts."))
        return HttpResponseRedirect(self._url("change", obj.pk))

    def has_delete_permission(self, request: HttpRequest, obj: OrderForm | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and _is_used(obj))

    def delete_model(self, request: HttpRequest, obj: OrderForm) -> None:
        if _is_used(obj):
            raise Refused(_("Accounts have this form or had it, so it stays. Archive it instead."))
        super().delete_model(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # would not look whether they are used
        return actions

    def page_context(self, request: HttpRequest, obj: OrderForm) -> dict[str, Any]:
        return {
            "drawn": form_picture.draw(obj.as_planned()),
            "picture_title": _("What customers see when they order"),
            "account_total": obj.accounts.count(),
            "behind": lists.out_of_date(obj).count(),
            "look": lists.to_be_looked_at().filter(form=obj).count(),
            "progress": newest_about(obj),
            "may_push": request.user.has_perm(PUSH),
            "may_choose": request.user.has_perm(CHANGE),
        }

    def waiting(self, request: HttpRequest, obj: OrderForm) -> Waiting | None:
        return waiting_about(obj)

    # --- Which accounts it is for

    @staff_page("<int:pk>/accounts/", name="accounts", permission=CHANGE)
    def accounts_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Background-check accounts, found by account or customer; those that are marked get this form.

        Looking for others is a POST too, so that what is marked stays marked.
        """
        form = self._form(request, pk)
        if request.method == "POST" and FIND not in request.POST:
            return self._choose(request, form)
        term = request.POST.get("term", "").strip()
        ids = _marked(request)
        marked = list(_accounts().filter(pk__in=ids).order_by("-pk"))
        found = list(_found(term).exclude(pk__in=ids).order_by("-pk")[: MOST_SHOWN + 1])
        accounts = [*marked, *found[:MOST_SHOWN]]
        chosen = AccountOrderForm.objects.filter(account__in=accounts).select_related("form")
        has = {row.account_id: row.form for row in chosen}
        return self.render_page(
            request,
            "admin/bindings/orderform/accounts.html",
            title=_("Accounts with the form “%(form)s”") % {"form": form},
            form=form,
            term=term,
            accounts=[(account, has.get(account.pk), account in marked) for account in accounts],
            more=len(found) > MOST_SHOWN,
        )

    def _choose(self, request: HttpRequest, form: OrderForm) -> HttpResponse:
        accounts = list(_accounts().filter(pk__in=_marked(request)))
        try:
            changed = services.choose_form(accounts, form=form, by=staff(request))
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(self._url("change", form.pk))
        text = _("%(count)s accounts are to have this form now. Nothing has been sent yet.")
        self.message_user(request, text % {"count": changed}, messages.SUCCESS)
        return HttpResponseRedirect(self._url("change", form.pk))

    # --- Bringing them up to date

    @staff_page("<int:pk>/push/", name="push", permission=PUSH)
    def push_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What a push to every account that is out of date would do; a POST confirms it."""
        form = self._form(request, pk)
        if request.method == "POST":
            try:
                services.push_to_all(form, by=staff(request), digest=request.POST.get("digest", ""))
            except Refused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
                return HttpResponseRedirect(request.path)
            ring(work)
            return HttpResponseRedirect(self._url("change", form.pk))
        behind = lists.out_of_date(form).select_related("account", "form").order_by("pk")
        wish = form.as_planned()
        groups = pushes.groups(behind[:MOST_COMPARED], wish)
        return self.render_page(
            request,
            "admin/bindings/orderform/push.html",
            title=_("Push “%(form)s” to its accounts") % {"form": form},
            form=form,
            total=behind.count(),
            compared=MOST_COMPARED,
            look=lists.to_be_looked_at().filter(form=form).count(),
            groups=[_drawn(group) for group in groups],
            reasons=pushes.form_problems(wish),
            title_today=_("What customers see today"),
            title_after=_("What they see after the push"),
            empty_today=_("No order form."),
            empty_after=_("No order form."),
        )

    def _form(self, request: HttpRequest, pk: int) -> OrderForm:
        form = self.get_queryset(request).filter(pk=pk).first()
        if form is None:
            raise Http404
        return form


def _is_used(form: OrderForm) -> bool:
    return form.accounts.exists() or OrderFormPush.objects.filter(form=form).exists()


def _accounts() -> QuerySet[EcoAccount]:
    return EcoAccount.objects.filter(scope=Scope.BACKGROUND_CHECK).select_related("tenant", "customer")


def _marked(request: HttpRequest) -> list[int]:
    return [int(each) for each in request.POST.getlist("account") if each.isdecimal()]


def _found(term: str) -> QuerySet[EcoAccount]:
    accounts = _accounts()
    if not term:
        return accounts
    by_customer = Q(customer__name__icontains=term) | Q(customer__code__istartswith=term)
    return accounts.filter(Q(account_id=term) | Q(name__icontains=term) | by_customer)


def _drawn(group: pushes.Group) -> dict[str, Any]:
    plan, difference = group.preview.plan, group.preview.difference
    return {
        "count": len(group.accounts),
        "accounts": group.accounts[:NAMED],
        "more": max(len(group.accounts) - NAMED, 0),
        "road": ROADS[group.road],
        "consequence": CONSEQUENCES[group.road],
        "why": reasons([why.value for why in plan.why]),
        "today": form_picture.draw_today(difference),
        "after": form_picture.draw_after(difference),
    }
