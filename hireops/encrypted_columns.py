"""Which columns hold what ``hireops.encryption`` gives, and how they come under the newest key.

The fields convert nothing: who reads one decrypts, so a list, a log or a page that forgets to shows nothing.
To the schema they are Django's own; a column that becomes encrypted gets a migration of its rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Model
from django.db.models.functions import Length, Substr

from hireops.encryption import (
    BEGINS_ENCRYPTED,
    KEY_ID_BYTES,
    KeyGoneError,
    newest_key_id,
    reencrypted,
    reencrypted_bytes,
)

PIECE_ROWS = 200

Deconstructed = tuple[str, str, list[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Piece:
    """What one committed piece did: rows that are under the newest key now, and rows that no key opens."""

    changed: int
    lost: int


Reencrypt = Callable[[], Iterator[Piece]]


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # the stubs' types of set and get
    """What ``encrypt`` gives, or ""."""

    def deconstruct(self) -> Deconstructed:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", [*args], kwargs

    def reencrypt(self) -> Iterator[Piece]:
        rows = self.model._default_manager.exclude(**{self.attname: ""})  # noqa: SLF001 - documented
        return in_pieces(rows, self.attname, reencrypted)


class EncryptedBinaryField(models.BinaryField):  # type: ignore[type-arg]
    """What ``encrypt_bytes`` gives, or nothing."""

    def deconstruct(self) -> Deconstructed:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", [*args], kwargs

    def reencrypt(self) -> Iterator[Piece]:
        key_id = Substr(self.attname, 1, KEY_ID_BYTES, output_field=models.BinaryField())
        rows = self.model._default_manager.annotate(key_id=key_id, length=Length(self.attname))  # noqa: SLF001
        others = rows.filter(length__gt=0).exclude(key_id=newest_key_id())
        return in_pieces(others, self.attname, reencrypted_bytes)


def in_pieces(
    rows: models.QuerySet[Any], column: str, renewed: Callable[[Any], Any | None]
) -> Iterator[Piece]:
    """Gives ``column`` of each row the value that is ``renewed``, if any; each piece is a transaction."""
    last = 0
    while True:
        with transaction.atomic():
            # Locked: what is trimmed at this moment must not come back.
            locked = rows.order_by("pk").select_for_update(no_key=True)
            piece = list(locked.only(column).filter(pk__gt=last)[:PIECE_ROWS])
            results = [_renew(row, column, renewed) for row in piece]
        if not piece:
            return
        last = piece[-1].pk
        yield Piece(changed=results.count("changed"), lost=results.count("lost"))


def _renew(row: Model, column: str, renewed: Callable[[Any], Any | None]) -> str:
    try:
        value = renewed(getattr(row, column))
    except KeyGoneError:
        return "lost"
    if value is None:
        return "left"
    setattr(row, column, value)
    row.save(update_fields=[column])
    return "changed"


# --- All of them -----------------------------------------------------------------------------------------

_declared: dict[str, Reencrypt] = {}


def declare_json(model: type[Model], column: str) -> None:
    """Have ``manage.py reencrypt`` look after another library's JSON too. Apps call it at the start."""
    rows = model._default_manager.all()  # noqa: SLF001 - documented, in spite of its name
    _declared[f"{model._meta.label}.{column}"] = lambda: in_pieces(rows.all(), column, _reencrypted_json)  # noqa: SLF001


def _reencrypted_json(value: Any) -> Any:
    """The same with every encrypted text in it under the newest key; None if they are all there already."""
    renewed = _with_texts_renewed(value)
    return None if renewed == value else renewed


def _with_texts_renewed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_texts_renewed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_texts_renewed(each) for each in value]
    if isinstance(value, str) and value.startswith(BEGINS_ENCRYPTED):
        return reencrypted(value) or value
    return value


def encrypted_columns() -> dict[str, Reencrypt]:
    """How each is brought under the newest key, by its name."""
    fields = (field for model in apps.get_models() for field in model._meta.get_fields())  # noqa: SLF001
    ours = (field for field in fields if isinstance(field, EncryptedTextField | EncryptedBinaryField))
    return {f"{field.model._meta.label}.{field.attname}": field.reencrypt for field in ours} | _declared  # noqa: SLF001
