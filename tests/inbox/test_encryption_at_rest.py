"""What a dump of the inbox tells its reader, and what becomes of it when the key changes."""

import json

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from hireops import encrypted_columns
from hireops.encryption import decrypt, decrypt_bytes, encrypt, encrypt_bytes
from hireops.feishu.models import AppTicket
from hireops.inbox.models import Conflict, Event, EventContent
from hireops.inbox.tasks import drain
from tests.deliveries import deliver, envelope, post
from tests.kept_events import keep_event
from tests.searching import reveal
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

TICKET = "a-ticket-that-opens-every-customer"
OLD, NEW = "the old key, which somebody may have read", "the new key, which nobody has read"


@pytest.fixture
def in_clear(settings):
    """Feishu sends neither signed nor encrypted, as over the long connection."""
    settings.FEISHU_ENCRYPT_KEY = ""
    return Client()


@pytest.fixture
def rotate(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []

    def rotate(*, keep: bool = True) -> None:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD] if keep else []

    return rotate


def dump() -> str:
    """Every row of the inbox and of what Feishu's platform is remembered by, as the database gives it."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        told = []
        for table in (table for table in tables if table.startswith(("inbox_", "feishu_"))):
            cursor.execute(f"SELECT * FROM {table}")
            told += [_text(value) for row in cursor.fetchall() for value in row]
    return " ".join(told)


def _text(value) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)


def ticket_event(settings, ticket: object = TICKET, **changes):
    event = {"app_id": settings.FEISHU_APP_ID, "type": "app_ticket", "app_ticket": ticket}
    token = settings.FEISHU_VERIFICATION_TOKEN
    whole = {"uuid": "u-1", "ts": "1700000000.5", "token": token, "type": "event_callback", "event": event}
    return whole | changes


# --- A dump ------------------------------------------------------------------------------------------------


def test_the_verification_token_is_not_in_a_dump_though_it_came_in_clear(in_clear, settings):
    good, other = envelope(body={"n": 1}), envelope(body={"n": 1})
    other["header"]["event_id"] = good["header"]["event_id"]
    other["event"] = {"n": 2}
    unreadable = envelope()
    unreadable["header"]["event_id"] = 7
    for content in (good, other, unreadable):
        assert post(in_clear, (json.dumps(content).encode(), {})).status_code == 200
    assert (Event.objects.count(), Conflict.objects.count()) == (2, 1)
    assert settings.FEISHU_VERIFICATION_TOKEN not in dump()
    assert decrypt_bytes(Conflict.objects.get().raw) == json.dumps(other).encode()
    assert decrypt_bytes(Event.objects.get(state="unreadable").content.raw) == json.dumps(unreadable).encode()


def test_a_ticket_is_in_no_dump_also_before_it_is_handled(client, settings):
    deliver(client, ticket_event(settings))
    deliver(client, ticket_event(settings, ticket=f"{TICKET}-again"))
    assert Conflict.objects.count() == 1
    assert TICKET not in dump()
    drain()
    assert TICKET not in dump()
    assert decrypt(AppTicket.objects.get().sealed) == TICKET


@pytest.mark.parametrize("ticket", ['with "quotes" and \\ and 票', "*", 7, None, "", {"a": 1}])
def test_whatever_a_ticket_is_the_event_is_kept(client, settings, ticket):
    deliver(client, ticket_event(settings, ticket=ticket))
    drain()
    kept = Event.objects.get()
    assert kept.state == ("handled" if isinstance(ticket, str) and ticket else "failed")
    if kept.state == "handled":
        assert decrypt(AppTicket.objects.get().sealed) == ticket


def test_a_copy_of_a_ticket_is_a_copy_although_it_is_encrypted_anew(client, settings):
    for _ in range(2):
        deliver(client, ticket_event(settings))
    assert (Event.objects.count(), Conflict.objects.count()) == (1, 0)


# --- The page ----------------------------------------------------------------------------------------------


def test_staff_who_may_read_what_came_as_it_came(in_clear, settings, admin_client):
    unreadable = envelope(body={"who": "张三"})
    unreadable["header"]["event_id"] = 7
    post(in_clear, (json.dumps(unreadable, ensure_ascii=False).encode(), {}))
    address = f"/admin/inbox/event/{Event.objects.get().pk}/change/"
    page = reveal(admin_client, address).text
    assert "张三" in page
    assert settings.FEISHU_VERIFICATION_TOKEN not in page
    EventContent.objects.update(raw=b"\0\0\0\0" + bytes(EventContent.objects.get().raw)[4:])
    assert "SECRET_KEY_FALLBACKS" in reveal(admin_client, address).text


# --- Rotation ----------------------------------------------------------------------------------------------


def kept(number: int) -> Event:
    content = f"content {number}".encode()
    event_id = f"e-{number}"
    return keep_event(app_id="a", event_id=event_id, raw=encrypt_bytes(content), digest=event_id)


def test_at_each_step_of_a_rotation_everything_is_readable(rotate, capsys):
    events = [kept(number) for number in range(3)]
    Event.objects.create(app_id="a", event_id="emptied", digest="")
    events[0].conflicts.create(digest="other", raw=encrypt_bytes(b"other content"))
    AppTicket.objects.create(app_id="a", sealed=encrypt("ticket"))

    def is_readable() -> bool:
        contents = {decrypt_bytes(raw) for raw in EventContent.objects.values_list("raw", flat=True)}
        others = decrypt_bytes(Conflict.objects.get().raw), decrypt(AppTicket.objects.get().sealed)
        return contents == {b"content 0", b"content 1", b"content 2"} and others == (
            b"other content",
            "ticket",
        )

    assert is_readable()
    rotate()
    assert is_readable()
    call_command("reencrypt")
    assert is_readable()
    rotate(keep=False)
    assert is_readable()
    assert "inbox.EventContent.raw: 3 rows" in capsys.readouterr().out


def test_without_it_the_old_key_is_still_needed(rotate):
    event = kept(1)
    rotate(keep=False)
    assert decrypt_bytes(event.content.raw) is None


def test_one_that_was_cut_off_goes_on(rotate, monkeypatch, capsys):
    for number in range(5):
        kept(number)
    rotate()
    monkeypatch.setattr(encrypted_columns, "PIECE_ROWS", 2)
    assert next(encrypted_columns.encrypted_columns()["inbox.EventContent.raw"]()).changed == 2
    call_command("reencrypt")
    assert "inbox.EventContent.raw: 3 rows" in capsys.readouterr().out
    rotate(keep=False)
    assert all(decrypt_bytes(raw) for raw in EventContent.objects.values_list("raw", flat=True))


def test_what_no_key_opens_is_counted_and_the_rest_is_done(rotate, capsys):
    keep_event(app_id="a", event_id="lost", raw=b"\xf5\0\0\0 of a key that is gone", digest="")
    event = kept(1)
    rotate()
    with pytest.raises(SystemExit):
        call_command("reencrypt")
    assert "inbox.EventContent.raw: 1 rows are opened by no key" in capsys.readouterr().err
    rotate(keep=False)
    event.refresh_from_db()
    assert decrypt_bytes(event.content.raw) == b"content 1"


@pytest.mark.parametrize("what", ["same key", "another length", "with other content", "cleared"])
def test_nothing_but_a_change_of_the_key_changes_what_came(rotate, what):
    event = kept(1)
    written = {"same key": encrypt_bytes(b"content 2")}
    rotate()
    written |= {"another length": encrypt_bytes(b"another content that is longer"), "cleared": b""}
    again = encrypt_bytes(b"content 1")
    content = '{"other": 1}' if what == "with other content" else None
    with (
        pytest.raises(DatabaseError, match="content_stays_as_it_came"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE inbox_eventcontent SET raw = %s, payload = %s WHERE event_id = %s",
            [written.get(what, again), content, event.pk],
        )
    EventContent.objects.filter(event=event).update(raw=again)
