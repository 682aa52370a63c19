"""How much a page takes, and from whom; decided before anything of it is read."""

import pytest

from referrals.registrations import imports

FORM = "application/x-www-form-urlencoded"
LARGE = b"x=" + b"y" * 70_000
PAGE = "/admin/auth/user/"


class Unread:
    """A body that fails the test if anybody reads it."""

    def read(self, *_: int) -> bytes:
        pytest.fail("the body was read")

    readline = read


def post(client, path, size, kind=FORM):
    return client.generic(
        "POST", path, content_type=kind, CONTENT_LENGTH=str(size), **{"wsgi.input": Unread()}
    )


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", "/language/", "/nowhere"])
@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x"])
def test_who_has_not_signed_in_sends_no_more_than_a_form(client, db, path, kind):
    refused = post(client, path, 208_000_000, kind)
    assert refused.status_code == 413
    assert "什么都没有读取" in refused.content.decode()
    assert client.post(path, b"x=y", content_type=FORM).status_code != 413


def test_who_has_signed_in_sends_a_file_at_the_most(client_of, eve, settings):
    client = client_of(eve)
    assert client.post(PAGE, LARGE, content_type=FORM).status_code == 403
    assert settings.UPLOAD_MAX_BYTES > imports.MOST_BYTES
    refused = post(client, PAGE, settings.UPLOAD_MAX_BYTES + 1)
    assert refused.status_code == 413
    assert "12 MB" in refused.content.decode()


@pytest.mark.parametrize("length", ["-1", "1e9", "٣", "9" * 30])
def test_a_length_that_is_no_number_is_as_good_as_too_large(client, db, length):
    assert post(client, "/admin/login/", length).status_code == 413


def test_no_upload_is_put_down_in_a_folder(settings):
    assert settings.FILE_UPLOAD_HANDLERS == ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
    assert settings.FILE_UPLOAD_MAX_MEMORY_SIZE >= settings.UPLOAD_MAX_BYTES
