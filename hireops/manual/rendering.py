"""Markdown of ours to HTML: no HTML in it, links between pages of the manual, an anchor on each heading."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

CONTENTS = "contents"
# Where pictures lie for who reads the file, and where they are served from (STATICFILES_DIRS).
PICTURES, PICTURES_SERVED = "../../images/", "manual/"

_OTHER_PAGE = re.compile(r"([a-z0-9-]+)\.md(#[a-z0-9-]+)?")
_ANCHOR = re.compile(r"(?<!\s)\s*+\{#([a-z0-9-]+)\}$")
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the second level with all below it."""

    anchor: str
    title: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class Page:
    """``opening`` is what stands between the title and the first section."""

    name: str
    title: str
    opening: SafeString
    sections: Sequence[Section]


def render(name: str, text: str) -> Page:
    """The page that a file says. It begins with its title, ``# …``.

    A heading may say its anchor, ``## Approve {#approve}``; else it is the number of the heading, so that
    it is the same in each language.
    """
    tokens = _markdown.parse(text)
    for number, heading in enumerate(_headings(tokens), start=1):
        heading.opening.attrSet("id", _named_anchor(heading.words) or f"part-{number}")
    for token in tokens:
        for child in token.children or ():
            _lead_somewhere(child)
    title, *rest = _parts(tokens)
    return Page(
        name,
        title=_words(title[1]),
        opening=_html(title[3:]),
        sections=[Section(str(part[0].attrs["id"]), _words(part[1]), _html(part)) for part in rest],
    )


@dataclass(frozen=True, slots=True)
class _Heading:
    opening: Token
    words: Token


def _headings(tokens: Sequence[Token]) -> Iterator[_Heading]:
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            yield _Heading(token, tokens[place + 1])


def _named_anchor(words: Token) -> str:
    """The anchor that a heading names, taken out of what is read."""
    last = words.children[-1] if words.children else None
    found = _ANCHOR.search(last.content) if last else None
    if last is None or found is None:
        return ""
    last.content = last.content[: found.start()]
    return found[1]


def _lead_somewhere(token: Token) -> None:
    """Links and pictures as they lie in the folder become addresses."""
    if token.type == "link_open":
        token.attrSet("href", _address(str(token.attrs["href"])))
    elif token.type == "image":
        token.attrSet("src", static(str(token.attrs["src"]).replace(PICTURES, PICTURES_SERVED)))


def _address(written: str) -> str:
    other = _OTHER_PAGE.fullmatch(written)
    if other is None:
        return written
    name, anchor = other[1], other[2] or ""
    page = reverse("manual_contents") if name == CONTENTS else reverse("manual_page", args=[name])
    return f"{page}{anchor}"


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    """First the title with what follows it, then each section."""
    parts: list[list[Token]] = []
    for token in tokens:
        if token.type == "heading_open" and token.tag in {"h1", "h2"}:
            parts.append([])
        parts[-1].append(token)
    return parts


def _words(heading: Token) -> str:
    return "".join(child.content for child in heading.children or ())


def _html(tokens: Sequence[Token]) -> SafeString:
    html: str = _markdown.renderer.render(tokens, _markdown.options, {})
    return mark_safe(html)  # noqa: S308 - the renderer escapes all text, and HTML is off
