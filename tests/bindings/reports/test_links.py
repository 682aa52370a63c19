"""Who has a link has the file, until it ends; and every fetch is kept."""

import re
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from bindings.models import ReportFetch, ReportFile, ReportLink
from bindings.reports import sending, services, trimming
from tests.bindings.conftest import says
from tests.bindings.reports.conftest import content_of, path_of
from tests.bindings.reports.pdfs import pdf


def test_whoever_has_the_link_gets_the_file_and_nothing_else_of_hireops(link, folder):
    answer = Client().get(path_of(link))
    assert content_of(answer) == (folder / link.file.file.name).read_bytes()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%E5%BC%A0")
    assert not answer.cookies


def test_every_fetch_is_kept_with_how_it_ended(link, settings):
    settings.TRUSTED_PROXIES = 1
    headers = {"X-Forwarded-For": "1.1.1.1, 203.0.113.9:4711", "User-Agent": "Feishu/1.0"}
    whole = Client().get(path_of(link), headers=headers)
    content_of(whole)
    part = Client().get(path_of(link), HTTP_RANGE="bytes=10-19")
    assert len(content_of(part)) == 10
    Client().head(path_of(link))
    fetches = ReportFetch.objects.order_by("pk")
    size = link.file.size
    assert [(each.method, each.status, each.begins, each.bytes, each.sent) for each in fetches] == [
        ("GET", 200, 0, size, size),
        ("GET", 206, 10, 10, 10),
        ("HEAD", 200, 0, size, None),
    ]
    assert (fetches[0].address, fetches[0].agent, fetches[0].by_hireops) == (
        "203.0.113.9",
        "Feishu/1.0",
        False,
    )


RANGES = {
    "bytes=0-0": (206, 0, 1),
    "bytes=5-": (206, 5, None),
    "bytes=-7": (206, -7, 7),
    "bytes=0-99999999": (206, 0, None),
    "bytes=99999999-": (416, 0, 0),
    "bytes=9-3": (200, 0, None),
    "bytes=0-1,4-5": (200, 0, None),
    "lines=1-2": (200, 0, None),
}


@pytest.mark.parametrize("asked", RANGES)
def test_a_part_of_the_file_is_given_as_the_protocol_says(link, folder, asked):
    status, begins, length = RANGES[asked]
    content = (folder / link.file.file.name).read_bytes()
    answer = Client().get(path_of(link), HTTP_RANGE=asked)
    assert answer.status_code == status
    if status != 416:
        expected = content[begins:] if length is None else content[begins:][:length]
        assert content_of(answer) == expected
        assert answer["Content-Length"] == str(len(expected))


def test_a_part_of_another_file_is_not_mixed_in(link):
    answer = Client().get(path_of(link), HTTP_RANGE="bytes=5-", HTTP_IF_RANGE='"of another file"')
    assert answer.status_code == 200
    assert len(content_of(answer)) == link.file.size


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 42 + "é", "../../etc/passwd", "A" * 5000])
def test_a_link_that_nobody_was_given_says_nothing_and_leaves_nothing(link, token):
    answer = Client().get(f"/reports/{token}")
    assert answer.status_code == 404
    assert not ReportFetch.objects.exists()


def test_only_reading_is_possible(link):
    assert Client().post(path_of(link)).status_code == 405
    assert Client().delete(path_of(link)).status_code == 405


def test_a_link_ends_after_its_time(link, clock):
    clock.advance(days=29)
    assert Client().head(path_of(link)).status_code == 200
    clock.advance(days=1, seconds=1)
    answer = Client().get(path_of(link))
    assert answer.status_code == 410
    assert says(answer, "此链接已失效")
    assert ReportFetch.objects.latest("pk").status == 410


def test_a_withdrawn_link_ends_at_once_and_its_renewal_is_another_one(vendor, link):
    act = reverse("admin:bindings_reportlink_staff_action", args=["revoke"])
    chosen = {"_selected_action": [link.pk]}
    page = vendor.post(act, chosen)
    assert says(page, "That can't be taken back")
    vendor.post(act, {**chosen, "confirmed": "1", "reason": "sent to the wrong customer"})
    link.refresh_from_db()
    assert (link.revoked_by.username, link.revoked_because) == ("vera", "sent to the wrong customer")
    assert Client().get(path_of(link)).status_code == 410
    renew = reverse("admin:bindings_reportlink_staff_action", args=["renew"])
    vendor.post(renew, {**chosen, "confirmed": "1", "reason": ""})
    new = ReportLink.objects.latest("pk")
    assert path_of(new) != path_of(link)
    assert Client().head(path_of(new)).status_code == 200
    assert Client().get(path_of(link)).status_code == 410


def test_another_report_never_appears_behind_an_old_link(link, keep):
    other = keep(pdf(title="corrected"))
    for change in (
        lambda: ReportLink.objects.filter(pk=link.pk).update(file=other),
        lambda: ReportFile.objects.filter(pk=link.file_id).update(file=other.file.name),
        lambda: ReportLink.objects.filter(pk=link.pk).update(expires_at="2099-01-01T00:00:00Z"),
        link.delete,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_nobody_changes_what_was_fetched(link):
    answer = Client().get(path_of(link))
    content_of(answer)
    fetch = ReportFetch.objects.get()
    for change in ({"address": "10.0.0.1"}, {"status": 404}, {"sent": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ReportFetch.objects.filter(pk=fetch.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportFetch.objects.all().delete()


def test_a_storage_that_is_away_is_said_so_without_the_link(link, folder, caplog):
    (folder / link.file.file.name).unlink()
    answer = Client().get(path_of(link))
    assert answer.status_code == 503
    token = path_of(link).rpartition("/")[2]
    assert token not in caplog.text
    assert "FileNotFoundError" in caplog.text
    assert token.encode() not in answer.content


def test_the_address_of_a_report_is_shown_to_who_may_download_it_after_a_click(vendor, auditor, link):
    page_of = reverse("admin:bindings_reportlink_change", args=[link.pk])
    reveal = reverse("admin:bindings_reportlink_reveal", args=[link.pk])
    address = sending.address_of(link)
    assert not says(vendor.get(page_of), address)
    assert says(vendor.post(reveal, follow=True), address)
    assert not says(auditor.get(page_of), address)
    assert auditor.post(reveal).status_code == 403


def test_from_the_file_staff_see_which_bytes_were_read_by_whom(vendor, link):
    answer = Client().get(path_of(link), HTTP_USER_AGENT="Feishu/7", REMOTE_ADDR="203.0.113.9")
    content_of(answer)
    page = vendor.get(reverse("admin:bindings_reportfile_change", args=[link.file_id]))
    for text in (link.file.sha256, "203.0.113.9", "Feishu/7", f"{link.file.size} / {link.file.size}"):
        assert says(page, text)


def test_files_go_when_their_time_is_over_and_their_links_end(link, keep, clock, folder):
    path = path_of(link)
    clock.advance(days=731)
    needed = services.make_link(keep())
    assert trimming.empty_reports() == 0  # its link has ended, but not long enough ago
    clock.advance(days=40)
    assert trimming.empty_reports() == 1
    link.file.refresh_from_db()
    assert (link.file.name, link.file.file.name, bool(link.file.emptied_at)) == ("", "", True)
    assert link.file.sha256
    assert Client().get(path).status_code == 410
    assert [each.name for each in folder.rglob("*.pdf")] == [Path(needed.file.file.path).name]


def test_the_files_of_an_order_go_with_it_but_for_what_another_one_still_has(link, keep, clock, vera):
    other, withdrawn = services.make_link(keep()), services.make_link(keep())
    services.make_link(other.file, days=900)
    services.revoke(withdrawn, by=vera, reason="wrong")
    clock.advance(days=800)
    ours = [{"name": "a", "link": link.pk}, {"name": "b", "url": "https://x.example/1", "type": 1}]
    assert trimming.forget_attached([ours, [{"name": "c", "link": other.pk}], []]) == 1
    assert trimming.forget_attached([[{"name": "d", "link": withdrawn.pk}]]) == 1
    assert list(ReportFile.objects.filter(emptied_at=None)) == [other.file]


def test_tokens_lie_nowhere_in_clear(link):
    token = path_of(link).rpartition("/")[2]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    stored = ReportLink.objects.filter(pk=link.pk).values().get()
    assert token not in str(stored)
