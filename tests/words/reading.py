"""What a person reads or hears of a page: its text piece by piece, and the attributes that are words."""

from collections.abc import Iterator
from html.parser import HTMLParser

# What is a code in any language, and what says itself that it is in another one or in none (a name).
UNREAD_TAGS = {"script", "style", "code", "kbd", "pre", "textarea"}
UNREAD_IF = {"lang", "translate"}
WORDS_OF_ATTRIBUTES = {"title", "placeholder", "alt", "aria-label", "aria-description", "label"}
BUTTONS = {"submit", "button", "reset"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# They end no sentence: a text with a link in it is one.
INLINE = {"a", "abbr", "b", "bdi", "cite", "em", "i", "small", "span", "strong", "time", "wbr"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag not in INLINE:
            self.end_piece()
        is_unread = tag in UNREAD_TAGS or (tag != "html" and bool(UNREAD_IF & attributes.keys()))
        if not is_unread and not self._is_unread:
            self._words_of(tag, attributes)
        if tag not in VOID:
            self._open.append((tag, is_unread or self._is_unread))

    def handle_endtag(self, tag: str) -> None:
        if tag not in INLINE:
            self.end_piece()
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._text += " ¶ " if self._is_unread else data

    def end_piece(self) -> None:
        if text := " ".join(self._text.split()):
            self.pieces.append(text)
        self._text = ""

    @property
    def _is_unread(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def _words_of(self, tag: str, attributes: dict[str, str]) -> None:
        names = WORDS_OF_ATTRIBUTES & attributes.keys()
        if tag == "input" and attributes.get("type") in BUTTONS:
            names = names | {"value"}
        self.pieces += [text for name in sorted(names) if (text := " ".join(attributes[name].split()))]


def texts(page: str) -> Iterator[str]:
    """Each text of the page once, in no order."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.end_piece()
    yield from dict.fromkeys(reader.pieces)
