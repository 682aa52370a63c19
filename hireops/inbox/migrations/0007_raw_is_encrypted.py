"""What Feishu sent is encrypted from now on, and so are tickets that wait to be handled.

In pieces, each committed, and it may be cut off: what is encrypted already is recognised and left alone.
"""

from django.db import connection, migrations, transaction

from hireops.encryption import KEY_MARK, KeyGoneError, decrypt, decrypt_bytes, encrypt, encrypt_bytes

PIECE = 500
BLANKED = "***"


def encrypt_all(apps, editor):
    for name in ("Event", "Conflict"):
        _change_raw(apps.get_model("inbox", name), _encrypted)
    _change_tickets(apps, lambda ticket: None if decrypt(ticket) else encrypt(ticket))


def decrypt_all(apps, editor):
    """Going back needs the keys."""
    for name in ("Event", "Conflict"):
        _change_raw(apps.get_model("inbox", name), _decrypted)
    _change_tickets(apps, decrypt)


def _encrypted(raw):
    return encrypt_bytes(raw) if decrypt_bytes(raw) is None else None


def _decrypted(raw):
    content = decrypt_bytes(raw)
    if content is None and raw.startswith(KEY_MARK):
        raise KeyGoneError("SECRET_KEY and SECRET_KEY_FALLBACKS do not open all that was encrypted")
    return content


def _change_raw(model, changed):
    last = 0
    while True:
        rows = list(model.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "raw")[:PIECE])
        if not rows:
            return
        contents = [(changed(bytes(raw)), pk) for pk, raw in rows if raw]
        _write(model, [(content, pk) for content, pk in contents if content is not None])
        last = rows[-1][0]


def _write(model, contents):
    with transaction.atomic(), connection.cursor() as cursor:
        table = model._meta.db_table  # noqa: SLF001 - documented, in spite of its name
        cursor.executemany(f"UPDATE {table} SET raw = %s WHERE id = %s", contents)  # noqa: S608 - our own name


def _change_tickets(apps, changed):
    """In events, and in other content that came under the ID of one."""
    events = apps.get_model("inbox", "Event").objects.filter(event_type="app_ticket")
    conflicts = apps.get_model("inbox", "Conflict").objects.filter(event__event_type="app_ticket")
    for rows in (events, conflicts):
        for row in rows.exclude(payload=None).only("payload").iterator(chunk_size=PIECE):
            _change_ticket(row, changed)


def _change_ticket(row, changed):
    body = row.payload.get("event") or {}
    ticket = body.get("app_ticket")
    if isinstance(ticket, str) and ticket not in {"", BLANKED} and (other := changed(ticket)):
        row.payload = {**row.payload, "event": {**body, "app_ticket": other}}
        row.save(update_fields=["payload"])


class Migration(migrations.Migration):
    atomic = False

    changes_rows_of = ("inbox_event", "inbox_conflict")
    dependencies = [("inbox", "0006_replays_are_jobs")]

    operations = [migrations.RunPython(encrypt_all, decrypt_all)]
