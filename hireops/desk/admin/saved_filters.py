"""Saved filters of every list: saving what is chosen, opening one, and changing one's own."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy

from hireops.desk import saved_filters
from hireops.desk.errors import Refused
from hireops.desk.lists import name_of
from hireops.desk.models import SavedFilter
from hireops.desk.pages import StaffPagesAdmin, staff_page
from hireops.desk.staff import staff

CHECKBOX_COLUMN = "action_checkbox"


class SavedFilterForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the filter"),
        max_length=60,
        widget=forms.TextInput(attrs={"autofocus": True}),
    )
    shared = forms.BooleanField(
        label=gettext_lazy("Shared"),
        required=False,
        help_text=gettext_lazy("Everybody who may see this list can open it. Only you can change it."),
    )


class SavedFiltersAdmin(StaffPagesAdmin):
    """Whoever may see the list may save filters of it."""

    @property
    def saved_list(self) -> str:
        """What the list is called in ``SavedFilter.list``."""
        return self.opts.label_lower

    def save_filter_address(self) -> str:
        return self._url("save_filter")

    def saved_filter_url(self, page: str, saved: SavedFilter) -> str:
        return self._url(page, saved.pk)

    @staff_page("saved/", name="save_filter")
    def save_filter_view(self, request: HttpRequest) -> HttpResponse:
        """Saves what the address of this request narrows the list by."""
        page = self._url("changelist")
        back = HttpResponseRedirect(f"{page}?{request.GET.urlencode()}" if request.GET else page)
        if request.method != "POST":
            return back
        try:
            saved = saved_filters.save(
                by=staff(request),
                of_list=self.saved_list,
                name=request.POST.get("name", ""),
                query=self._chosen_query(request),
                shared="shared" in request.POST,
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, gettext("Saved as “%(name)s”.") % {"name": saved.name})
        return back

    @staff_page("saved/<int:pk>/", name="saved_filter")
    def saved_filter_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Leads to the list as it was saved, without what the list does not know any more."""
        saved = self._saved(request, pk)
        parameters, sort = saved_filters.parameters_of(saved)
        known = {
            name: values
            for name, values in parameters.items()
            if all(self.lookup_allowed(name, value, request) for value in values)
        }
        if order := self._order(request, sort):
            known[ORDER_VAR] = [order]
        if len(known) - bool(order) < len(parameters):
            text = gettext(
                "“%(name)s” was saved with a filter that this list no longer has. It was left out."
            )
            messages.warning(request, text % {"name": saved.name})
        return HttpResponseRedirect(f"{self._url('changelist')}?{urlencode(known, doseq=True)}")

    @staff_page("saved/<int:pk>/change/", name="change_saved_filter")
    def change_saved_filter_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        saved = self._saved(request, pk)
        if not saved_filters.may_change(saved, request.user):
            raise PermissionDenied
        page = self._url("saved_filter", saved.pk)
        initial = {"name": saved.name, "shared": saved.shared}
        form = SavedFilterForm(request.POST or None, initial=initial)
        if request.method == "POST" and "delete" in request.POST:
            saved_filters.delete(saved, by=staff(request))
            messages.success(request, gettext("“%(name)s” was deleted.") % {"name": saved.name})
            return HttpResponseRedirect(self._url("changelist"))
        if request.method == "POST" and form.is_valid():
            try:
                saved_filters.change(saved, by=staff(request), **form.cleaned_data)
            except Refused as refusal:
                form.add_error("name", str(refusal))
            else:
                messages.success(request, gettext("Saved as “%(name)s”.") % {"name": saved.name})
                return HttpResponseRedirect(page)
        template = "admin/desk/saved_filter.html"
        title = gettext("Saved filter")
        return self.render_page(request, template, title=title, form=form, saved=saved, back=page)

    def _saved(self, request: HttpRequest, pk: int) -> SavedFilter:
        saved = saved_filters.visible(self.saved_list, request.user).filter(pk=pk).first()
        if saved is None:
            raise Http404
        return saved

    def _chosen_query(self, request: HttpRequest) -> str:
        """Raises ``Refused`` for what the list does not understand."""
        try:
            changelist: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            raise Refused(gettext("This list does not understand what it was asked for.")) from None
        if changelist.problems:
            raise Refused(gettext("What can't be read can't be saved. Correct it first."))
        return str(changelist.kept_query)

    def _order(self, request: HttpRequest, sort: str) -> str:
        """The columns of ``sort`` by their places in the list of this person."""
        first = [CHECKBOX_COLUMN] if self.get_actions(request) else []
        places = {
            name: place for place, name in enumerate([*first, *map(name_of, self.get_list_display(request))])
        }
        names = [name for name in sort.split(".") if name.removeprefix("-") in places]
        return ".".join(f"{'-' * name.startswith('-')}{places[name.removeprefix('-')]}" for name in names)
