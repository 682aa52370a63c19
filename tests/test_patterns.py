"""Regular expressions take time that grows with the text, not with its square."""

import ast
import builtins
import importlib
import re
from collections import ChainMap, defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import hireops

PACKAGES = ("hireops", "bindings", "referrals")
Pattern = re.Pattern[Any]
Text = str | bytes

SEEDS = [
    *("a", "0", " ", "\t", "\n", ".", "-", ",", ":", "@", '"', "'", "\\", "(", "["),
    *("a.", "a@", "a ", "0 ", "<f "),
]
AROUND = [("", ""), ("a", "b"), ("a", ":"), ("a ", "]"), ("合计", "x")]
LENGTH = 300
RATIO_MAX = 3
REPEATS = (1, 3, 10, 30)  # a machine that was busy at that moment gets another look
SEARCHES = r"\.(?:search|sub|subn|split|findall|finditer)\("


def test_twice_the_text_does_not_take_four_times_as_long() -> None:
    slow = {
        f"{place}: {pattern.pattern!r} in {text[:9]!r}…{text[-3:]!r}"
        for place, pattern, is_searched in _patterns()
        for use in _uses(pattern, is_searched=is_searched)
        if (text := _slow_text(pattern, use))
    }
    assert not slow, "\n".join(sorted(slow))


# --- Time


def _slow_text(pattern: Pattern, use: Callable[[Any], object]) -> Text:
    """A text that takes more than three times as long when it is twice as long, or nothing."""
    for seed in SEEDS:
        for before, after in AROUND:
            short, long = (
                _as_in(pattern, before + seed * (length // len(seed)) + after)
                for length in (LENGTH, 2 * LENGTH)
            )
            if all(_best(use, long, times) > RATIO_MAX * _best(use, short, times) for times in REPEATS):
                return short
    return ""


def _as_in(pattern: Pattern, text: str) -> Text:
    return text.encode() if isinstance(pattern.pattern, bytes) else text


def _uses(pattern: Pattern, *, is_searched: bool) -> Iterator[Callable[[Any], object]]:
    yield pattern.fullmatch
    if is_searched:
        yield lambda text: deque(pattern.finditer(text), maxlen=0)


def _best(use: Callable[[Any], object], text: Text, times: int) -> float:
    return min(_seconds(use, text) for _ in range(times))


def _seconds(use: Callable[[Any], object], text: Text) -> float:
    begun = perf_counter()
    use(text)
    return perf_counter() - begun


# --- Patterns


def _patterns() -> Iterator[tuple[str, Pattern, bool]]:
    """Place, pattern, and whether it is searched for; otherwise it has to match from the first letter."""
    sources = _sources()
    for module, source in sources.items():
        readers = [
            text for each, text in sources.items() if each == module or f"from {module} import" in text
        ]
        for name, call in _calls(ast.parse(source)):
            is_searched = any(re.search(rf"\b{re.escape(name)}{SEARCHES}", text) for text in readers)
            pattern = _compiled(call, vars(importlib.import_module(module)))
            yield f"{module}:{call.lineno}", pattern, is_searched


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a function of ``re`` that takes a pattern, and the name by which the pattern is used."""
    names = {
        id(node.value): ast.unparse(node.targets[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and re.fullmatch(r"re\.(?!escape)\w+", ast.unparse(node.func)):
            yield names.get(id(node), "re"), node


def _compiled(call: ast.Call, names: dict[str, Any]) -> Pattern:
    """A part of the pattern that is known when hireops runs is ``x`` here."""
    is_compile = ast.unparse(call.func) == "re.compile"
    flags = call.args[1:] if is_compile else [each.value for each in call.keywords if each.arg == "flags"]
    known = ChainMap(names, vars(builtins), defaultdict(lambda: "x"))
    return re.compile(*(eval(ast.unparse(each), {}, known) for each in [call.args[0], *flags]))


def _sources() -> dict[str, str]:
    """By the name of each module that imports ``re``."""
    root = Path(hireops.__path__[0]).parent
    files = (file for package in PACKAGES for file in (root / package).rglob("*.py"))
    return {
        ".".join(file.relative_to(root).with_suffix("").parts): source
        for file in files
        if "migrations" not in file.parts and "import re\n" in (source := file.read_text())
    }
