"""The time that reading a typed line takes grows with the line."""

import time
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError

from bindings.exams.scores import read_parts
from bindings.order_forms.admin import options
from hireops.desk.errors import Refused

MOST_TIMES_AS_LONG = 3  # for a text of twice the length


def read_options(text):
    options.read(text, [])


def seconds(read, text):
    started = time.perf_counter()
    with suppress(Refused, ValidationError):
        read(text)
    return time.perf_counter() - started


@pytest.mark.parametrize(
    ("read", "begin", "repeated", "end"),
    [(read_parts, "a", "\t", ":"), (read_options, "a ", " ", "]"), (read_options, "a", "|", "]")],
    ids=["parts of a score", "options", "options with many names"],
)
def test_a_line_twice_as_long_takes_twice_as_long(read, begin, repeated, end):
    shorter, longer = (
        min(seconds(read, f"{begin}{repeated * count}{end}") for _ in range(5)) for count in (500, 1000)
    )
    assert longer < MOST_TIMES_AS_LONG * shorter
