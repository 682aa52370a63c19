"""What is encrypted at rest, and what becomes of it when the key changes."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command

from hireops.encryption import (
    KeyGoneError,
    decrypt,
    decrypt_bytes,
    encrypt,
    encrypt_bytes,
    newest_key_id,
    reencrypted,
)

OLD, NEW = "the old key, which somebody may have read", "the new key, which nobody has read"


@pytest.fixture
def rotate(settings):
    """The key is changed; ``keep`` says whether the old one is named as a fallback."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []

    def rotate(*, keep: bool = True) -> None:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD] if keep else []

    return rotate


def test_text_and_bytes_come_back_as_they_were(rotate):
    assert decrypt(encrypt("令牌")) == "令牌"
    assert decrypt_bytes(encrypt_bytes(b"\x00\xff raw")) == b"\x00\xff raw"


def test_who_has_only_what_is_stored_reads_nothing(rotate):
    text, content = encrypt("a-secret"), encrypt_bytes(b"a-secret")
    assert "a-secret" not in text
    assert b"a-secret" not in content
    assert encrypt("a-secret") != text
    rotate(keep=False)
    assert decrypt(text) is None
    assert decrypt_bytes(content) is None


def test_what_is_empty_stays_empty(rotate):
    assert encrypt_bytes(b"") == decrypt_bytes(b"") == b""
    assert decrypt("") is None


def test_what_was_never_encrypted_or_was_changed_is_not_taken_for_content(rotate):
    assert decrypt_bytes(b'{"encrypt": "as it came"}') is None
    content = encrypt_bytes(b"a-secret")
    assert decrypt_bytes(content[:-1] + bytes([content[-1] ^ 1])) is None
    assert decrypt_bytes(content[:20]) is None


def test_an_old_key_opens_as_long_as_it_is_a_fallback(rotate):
    text, content = encrypt("a-secret"), encrypt_bytes(b"a-secret")
    rotate()
    assert decrypt(text) == "a-secret"
    assert decrypt_bytes(content) == b"a-secret"


def test_after_reencryption_the_old_key_is_not_needed_any_more(rotate):
    text, content = encrypt("a-secret"), encrypt_bytes(b"a-secret")
    rotate()
    renewed, again = reencrypted(text), encrypt_bytes(decrypt_bytes(content) or b"")
    rotate(keep=False)
    assert decrypt(renewed or "") == "a-secret"
    assert decrypt_bytes(again) == b"a-secret"


def test_bytes_name_their_key_and_keep_their_length(rotate):
    before = encrypt_bytes(b"a-secret")
    assert before.startswith(newest_key_id())
    rotate()
    after = encrypt_bytes(b"a-secret")
    assert after.startswith(newest_key_id())
    assert before[:4] != after[:4]
    assert len(before) == len(after)


def test_what_the_newest_key_opens_is_left_alone(rotate):
    assert reencrypted(encrypt("a-secret")) is None
    assert reencrypted("") is None


def test_what_no_key_opens_is_not_passed_over_in_silence(rotate):
    text = encrypt("a-secret")
    rotate(keep=False)
    with pytest.raises(KeyGoneError):
        reencrypted(text)


@pytest.mark.django_db
def test_a_second_factor_outlives_a_change_of_the_key(settings, vera):
    totp = Authenticator.objects.create(
        user=vera, type=Authenticator.Type.TOTP, data={"secret": encrypt("JBSWY3DPEHPK3PXP")}
    )
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [settings.SECRET_KEY]
    call_command("reencrypt")
    settings.SECRET_KEY_FALLBACKS = []
    totp.refresh_from_db()
    assert decrypt(totp.data["secret"]) == "JBSWY3DPEHPK3PXP"
