"""Somebody has thought about each column of text: what may stand there in clear."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from hireops.encrypted_columns import EncryptedBinaryField, EncryptedTextField
from tests.canaries.columns import COLUMNS, NOTHING, UNREADABLE, Holds

TEXT = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.GenericIPAddressField,
)


def text_columns() -> Iterator[tuple[str, Any]]:
    """Of every model that has a table; a choice is no text."""
    for model in apps.get_models():
        if not model._meta.proxy:
            for field in model._meta.concrete_fields:
                if isinstance(field, TEXT) and not field.choices:
                    yield model._meta.label, field


def test_every_column_of_text_has_an_entry_and_every_entry_a_column():
    there = {f"{model}.{field.name}" for model, field in text_columns()}
    listed = {f"{model}.{name}" for model, columns in COLUMNS.items() for name in columns}
    assert not there - listed, f"say in tests/canaries/columns.py what these hold: {sorted(there - listed)}"
    assert not listed - there, f"these are gone from the models: {sorted(listed - there)}"


def test_what_is_encrypted_is_what_the_table_calls_unreadable():
    for model, field in text_columns():
        if isinstance(field, EncryptedTextField | EncryptedBinaryField):
            assert COLUMNS[model][field.name] is UNREADABLE


@pytest.mark.parametrize(
    "word", ["mobile", "email", "phone", "name_given", "payload", "token", "secret", "password"]
)
def test_what_is_named_like_personal_data_or_a_secret_is_not_taken_for_nothing(word: str):
    held: dict[str, Holds] = {
        f"{model}.{name}": holds
        for model, columns in COLUMNS.items()
        for name, holds in columns.items()
        if word in name
    }
    assert [column for column, holds in held.items() if holds is NOTHING] == []
