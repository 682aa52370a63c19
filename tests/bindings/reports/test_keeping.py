"""What is kept as a report, and what is not."""

import hashlib
import stat

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from bindings.models import ReportFile
from bindings.reports import integrity, invariants
from hireops.desk.errors import Refused
from tests.bindings.conftest import says
from tests.bindings.reports.pdfs import pdf, with_attachment, with_password, with_script

UPLOAD = "admin:bindings_reportfile_upload"
GOOD = pdf()

REFUSED = {
    "a web page": (b"<html><body>report</body></html>", "This is not a PDF"),
    "a web page that calls itself one": (b"%PDF-1.4<html></html>\n%%EOF\n", "can't be read"),
    "a file that was cut off": (GOOD[:-200], "cut off"),
    "a file that was cut in its middle": (GOOD[: len(GOOD) // 2] + b"\n%%EOF\n", "can't be read"),
    "something in front": (b"GIF89a" + GOOD, "This is not a PDF"),
    "an archive behind": (GOOD + b"PK\x03\x04", "added after its end"),
    "a password": (with_password(), "protected"),
    "a script": (with_script(), "JavaScript"),
    "another file in it": (with_attachment(), "EmbeddedFiles"),
    "nothing": (b"", "This is not a PDF"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_no_customer_should_get_is_refused_and_leaves_nothing(kind, keep, folder):
    content, reason = REFUSED[kind]
    with pytest.raises(Refused, match=reason):
        keep(content)
    assert not ReportFile.objects.exists()
    assert not [each for each in folder.rglob("*") if each.is_file()]


def test_a_report_is_kept_as_it_came_and_is_nobody_elses(keep, folder):
    content = pdf(pages=3)
    report = keep(content, "C:\\报告\\张三\u202efdp..PDF")
    (stored,) = [each for each in folder.rglob("*") if each.is_file()]
    assert stored.read_bytes() == content
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert (report.sha256, report.size, report.pages) == (
        hashlib.sha256(content).hexdigest(),
        len(content),
        3,
    )
    assert report.name == "张三fdp.pdf"
    assert "张三" not in report.file.name
    assert report.scanned_by == ""


def test_the_same_report_twice_is_two_files(keep):
    first, second = keep(GOOD), keep(GOOD)
    assert first.sha256 == second.sha256
    assert first.file.name != second.file.name


def test_what_is_too_large_is_refused_before_it_is_looked_at(keep, settings):
    settings.REPORT_MAX_MB = 1
    with pytest.raises(Refused, match="larger than 1 MB"):
        keep(GOOD + b" " * 1024 * 1024)


def infected(content):
    return "EICAR" if b"infected" in content else ""


def broken(content):
    raise ConnectionError


def test_a_scanner_is_asked_and_believed(keep, settings):
    settings.REPORT_SCANNER = f"{__name__}.infected"
    assert keep(GOOD).scanned_by == settings.REPORT_SCANNER
    with pytest.raises(Refused, match="EICAR"):
        keep(pdf(title="infected"))
    settings.REPORT_SCANNER = f"{__name__}.broken"
    with pytest.raises(Refused, match="scanner for viruses does not answer"):
        keep(GOOD)


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"file": "other.pdf"}, {"name": "other.pdf"}])
def test_the_database_lets_nobody_change_a_report(keep, change):
    report = keep()
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportFile.objects.filter(pk=report.pk).update(**change)


def test_the_night_finds_what_is_not_as_it_was_uploaded(keep, folder):
    good, changed, gone = keep(), keep(), keep()
    (folder / changed.file.name).write_bytes(pdf(title="another"))
    (folder / gone.file.name).unlink()
    assert integrity.look_at_files() == 3
    assert [*invariants.report_files_are_unchanged()] == [
        f"report file #{each.pk} is gone from the storage or is not what was uploaded"
        for each in ReportFile.objects.filter(pk__in=[changed.pk, gone.pk])
    ]
    good.refresh_from_db()
    assert good.intact
    assert good.looked_at


def test_staff_upload_a_report_and_read_why_another_one_is_refused(vendor, tmp_path):
    page = vendor.get(reverse(UPLOAD))
    assert says(page, "Files are not scanned for viruses here.")
    (tmp_path / "report.pdf").write_bytes(GOOD)
    with (tmp_path / "report.pdf").open("rb") as file:
        page = vendor.post(reverse(UPLOAD), {"file": file}, follow=True)
    assert says(page, "The report is kept.")
    assert says(page, hashlib.sha256(GOOD).hexdigest())
    (tmp_path / "web.pdf").write_bytes(b"<html>")
    with (tmp_path / "web.pdf").open("rb") as file:
        page = vendor.post(reverse(UPLOAD), {"file": file})
    assert says(page, "This is not a PDF")


def test_lists_mask_the_names_of_files_and_the_page_shows_them_after_a_click(vendor, auditor, keep):
    report = keep(name="张三四五六的背调报告.pdf")
    page_of = reverse("admin:bindings_reportfile_change", args=[report.pk])
    for reader in (vendor, auditor):
        for address in (reverse("admin:bindings_reportfile_changelist"), page_of):
            assert not says(reader.get(address), report.name)
    reveal = reverse("admin:bindings_reportfile_reveal", args=[report.pk])
    assert says(vendor.post(reveal, follow=True), report.name)
    assert auditor.post(reveal).status_code == 403
    download = reverse("admin:bindings_reportfile_file", args=[report.pk])
    assert b"".join(vendor.post(download).streaming_content) == GOOD
    assert auditor.post(download).status_code == 403
