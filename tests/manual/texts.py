"""What the files of the manual say, and what the product shows, for comparing the two."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import trans_real
from markdown_it import MarkdownIt
from markdown_it.token import Token

from hireops.desk.roles import ROLES
from hireops.manual.pages import FOLDERS

LANGUAGES = list(FOLDERS)
_markdown = MarkdownIt("commonmark").enable("table")


def names(language: str) -> set[str]:
    return {file.stem for file in FOLDERS[language].glob("*.md")}


def tokens(language: str, name: str) -> list[Token]:
    return _markdown.parse((FOLDERS[language] / f"{name}.md").read_text(encoding="utf-8"))


def quoted(language: str, name: str) -> Iterator[str]:
    """What stands in bold or in 「」: names of buttons, menus, columns and states."""
    for token in tokens(language, name):
        children = token.children or []
        for place, child in enumerate(children):
            if child.type == "strong_open":
                yield children[place + 1].content
        yield from re.findall("「([^」]*)」", token.content if token.type == "inline" else "")


@cache
def shown(language: str) -> frozenset[str]:
    """Every text of the catalogues, as it may begin a line, and the names of roles, which are data."""
    catalogue: Any = trans_real.translation("zh-hans")
    texts = {capfirst(text) for text in _texts(catalogue, language)}
    return frozenset(texts | {part for role in ROLES.values() for part in role.split(" · ")})


def _texts(catalogue: Any, language: str) -> Iterator[str]:
    for key, text in catalogue._catalog.items():
        msgid: str = key[0] if isinstance(key, tuple) else key
        yield msgid.rpartition("\x04")[2] if language == "en" else text
