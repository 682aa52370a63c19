"""The manual, for everybody who may sign in to the admin, whatever their role."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import get_language

from hireops.desk import help as help_pages
from hireops.desk.staff import Reader
from hireops.manual.pages import pages
from hireops.manual.rendering import CONTENTS, Page, Section


def contents(request: HttpRequest) -> TemplateResponse:
    found = _read(CONTENTS)
    return _shown(request, found, own_half_first(found.sections, request.user))


def page(request: HttpRequest, name: str) -> TemplateResponse:
    found = _read(name)
    return _shown(request, found, found.sections)


def own_half_first(sections: Sequence[Section], reader: Reader) -> list[Section]:
    """The halves of the house change places so that the reader's own comes first; all others stay."""
    halves = [section for section in sections if help_pages.is_half(section.anchor)]
    ordered = iter(sorted(halves, key=lambda half: not help_pages.is_own_half(half.anchor, reader)))
    return [next(ordered) if help_pages.is_half(section.anchor) else section for section in sections]


def _read(name: str) -> Page:
    found = pages(get_language() or "en").get(name)
    if found is None:
        raise Http404
    return found


def _shown(request: HttpRequest, page: Page, sections: Sequence[Section]) -> TemplateResponse:
    context = {
        **admin.site.each_context(request),
        "title": page.title,
        "opening": page.opening,
        "sections": sections,
        "is_contents": page.name == CONTENTS,
    }
    return TemplateResponse(request, "manual/page.html", context)
