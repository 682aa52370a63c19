"""What no page has to be opened for: how the catalogues are written, and how the source asks for them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from tests.words.judging import NOT_OUR_CHINESE

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "locale" / "zh_Hans" / "LC_MESSAGES").glob("*.po"))
ROOMS = ("hireops", "bindings", "referrals")
AT_ONCE = {"gettext", "ngettext", "pgettext", "npgettext"}
Place = tuple[str, ast.Call, str]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_no_translation_has_a_pronoun_it_can_do_without_or_a_word_that_is_not_ours(path: Path) -> None:
    wrong = {
        entry.msgid: text
        for entry in polib.pofile(str(path))
        for text in (entry.msgstr, *entry.msgstr_plural.values())
        if NOT_OUR_CHINESE.search(text)
    }
    assert wrong == {}


def test_the_scripts_catalogue_is_compiled_as_it_stands() -> None:
    source = next(path for path in CATALOGUES if path.stem == "djangojs")
    meaning = [
        {entry.msgid: entry.msgstr_plural or entry.msgstr for entry in catalogue}
        for catalogue in (polib.pofile(str(source)), polib.mofile(str(source.with_suffix(".mo"))))
    ]
    assert meaning[0] == meaning[1]


def test_every_text_that_is_translated_can_be_found_by_gettext() -> None:
    """xgettext does not look into f-strings."""
    known = {entry.msgid for path in CATALOGUES for entry in polib.pofile(str(path))}
    unknown = [
        f"{where}:{call.lineno} {text}"
        for where, call, name in _calls()
        if (text := _text(call, name)) and text not in known
    ]
    assert unknown == []


def test_nothing_is_translated_while_a_module_is_loaded() -> None:
    """It would stay in whatever language that was."""
    eager = []
    for path, tree in _modules():
        names = _names_of_gettext(tree)
        eager += [
            f"{path}:{call.lineno}"
            for call in _outside_functions(tree)
            if names.get(getattr(call.func, "id", "")) in AT_ONCE
        ]
    assert eager == []


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def _names_of_gettext(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }


def _calls() -> Iterator[Place]:
    for path, tree in _modules():
        names = _names_of_gettext(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (name := names.get(getattr(node.func, "id", ""))):
                yield path, node, name


def _text(call: ast.Call, name: str) -> str:
    position = 1 if "pgettext" in name else 0
    argument = call.args[position] if "gettext" in name and len(call.args) > position else None
    return str(argument.value) if isinstance(argument, ast.Constant) else ""


def _outside_functions(node: ast.AST) -> Iterator[ast.Call]:
    """Calls that happen when the module is loaded, those of decorators and defaults included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*child.decorator_list, child.args):
                yield from _calls_within(part)
        elif not isinstance(child, ast.Lambda):
            yield from _outside_functions(child)


def _calls_within(node: ast.AST) -> Iterator[ast.Call]:
    if isinstance(node, ast.Call):
        yield node
    yield from _outside_functions(node)
