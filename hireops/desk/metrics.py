"""The figures of the health page as Prometheus reads them (text format 0.0.4)."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from hireops.desk.health import Figure, Section

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "hireops_"


def written(sections: Iterable[Section]) -> str:
    figures = [figure for section in sections for figure in section.figures]
    figures.sort(key=lambda figure: figure.metric.name)
    lines: list[str] = []
    for metric, group in groupby(figures, key=lambda figure: figure.metric):
        name = PREFIX + metric.name
        lines += [f"# HELP {name} {_escaped(metric.help)}", f"# TYPE {name} gauge"]
        lines += _samples(name, group)
    return "\n".join([*lines, ""])


def _samples(name: str, figures: Iterable[Figure]) -> Iterator[str]:
    for figure in figures:
        if figure.value is not None:
            pairs = (f'{key}="{_quoted(value)}"' for key, value in figure.labels.items())
            labels = f"{{{','.join(pairs)}}}" if figure.labels else ""
            yield f"{name}{labels} {figure.value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
