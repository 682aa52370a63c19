"""Pages of an admin class beyond Django's own: an address, a permission, a template.

::

    class WithdrawalAdmin(MirrorAdmin):
        @staff_page("request/", name="request", permission="referrals.request_withdrawal")
        def request_view(self, request: HttpRequest) -> HttpResponse:
            return self.render_page(request, "admin/referrals/withdrawal/request.html", title=_("Ask ..."))

The page is then ``admin:referrals_withdrawal_request``, for who has the permission and may see the rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise

from hireops.desk.language import FORM_FILLED, fill_again, shown_again
from hireops.desk.proof import page_that_asks
from hireops.desk.staff import Reader

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

View = Callable[..., HttpResponseBase]
Marked = TypeVar("Marked", bound=View)


@dataclass(frozen=True, slots=True)
class StaffPage:
    route: str
    name: str
    permission: str
    irreversible: bool

    def is_open_to(self, reader: Reader) -> bool:
        return not self.permission or reader.has_perm(self.permission)


def staff_page(
    route: str, *, name: str, permission: str = "", irreversible: bool = False
) -> Callable[[Marked], Marked]:
    """Make ``method(self, request, ...)`` of an admin class a page at ``route``, as Django's ``path``.

    Who opens a page on which something ``irreversible`` is done proves first who they are.
    """

    def mark(view: Marked) -> Marked:
        view.staff_page = StaffPage(route, name, permission, irreversible)  # type: ignore[attr-defined]
        return view

    return mark


class StaffPagesAdmin(_ModelAdmin):
    """Gives every method marked by ``staff_page`` its address, and lets nobody in without its permission."""

    # Where "Help" leads to from all pages of this class (hireops.desk.help): "withdrawals#approve".
    help_page = ""

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(page.route, self._guarded(page, view), name=self._url_name(page.name))
            for page, view in self._staff_pages()
        ]
        return [*pages, *super().get_urls()]

    def render_page(
        self, request: HttpRequest, template: str, *, title: str | Promise, **context: Any
    ) -> TemplateResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, template, {**whole, "title": title, **context})

    def render_form(
        self, request: HttpRequest, template: str, *, title: str | Promise, form: BaseForm, **context: Any
    ) -> TemplateResponse:
        """A page with ``form``, in which the language can be switched without losing what was typed.

        Its template includes ``desk/filled_again.html`` in the form, whose id is ``form_sent_again``.
        """
        fill_again(form, request)
        return self.render_page(
            request, template, title=title, form=form, **{"form_sent_again": FORM_FILLED, **context}
        )

    def _staff_pages(self) -> Iterator[tuple[StaffPage, View]]:
        for name in dir(type(self)):
            if page := getattr(getattr(type(self), name), "staff_page", None):
                yield page, getattr(self, name)

    def _guarded(self, page: StaffPage, view: View) -> Any:
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not (page.is_open_to(request.user) and self.has_view_permission(request)):
                raise PermissionDenied
            asking = page_that_asks(request) if page.irreversible else None
            return asking or view(shown_again(request), *args, **kwargs)

        whole: Any = self.admin_site.admin_view(guarded)
        whole.model_admin = self  # as Django says it of its own pages
        return whole

    def _url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _url(self, page: str, *args: Any) -> str:
        return reverse(f"{self.admin_site.name}:{self._url_name(page)}", args=args)
