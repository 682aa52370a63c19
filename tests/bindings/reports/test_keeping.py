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
from tests.bindings.reports.pdfs import pdf, with_attachment, with_password, written_out
from tests.selection import also_on_sqlite

pytestmark = also_on_sqlite

UPLOAD = "admin:bindings_reportfile_upload"
GOOD = pdf()


def _annotation(of: str) -> str:
    return f"/Annots [<< /Type /Annot /Rect [0 0 9 9] /Subtype {of} >>]"


def _stream(entries: str = "") -> str:
    return f"<< /Length 0 {entries} >> stream\n\nendstream"


REFUSED = {
    "a web page": (b"<html><body>report</body></html>", "This is not a PDF"),
    "a web page that calls itself one": (b"%PDF-1.4<html></html>\n%%EOF\n", "can't be read"),
    "a file that was cut off": (GOOD[:-200], "cut off"),
    "a file that was cut in its middle": (GOOD[: len(GOOD) // 2] + b"\n%%EOF\n", "can't be read"),
    "something in front": (b"GIF89a" + GOOD, "This is not a PDF"),
    "an archive behind": (GOOD + b"PK\x03\x04", "added after its end"),
    "a password": (with_password(), "protected"),
    "another file in it": (with_attachment(), "EmbeddedFiles"),
    "nothing": (b"", "This is not a PDF"),
}
FILE = "/F << /Type /Filespec /F (\\\\\\\\evil\\\\share\\\\x.pdf) >>"
URI = "<< /S /URI /URI (https://e.com) >>"
ACTIVE = {
    "a script": (written_out(catalog="/OpenAction << /S /JavaScript /JS (app.alert) >>"), "JavaScript"),
    "a script behind a blank line": (
        b"\n" + written_out(catalog="/OpenAction << /S /JavaScript /JS (app.alert) >>"),
        "JavaScript",
    ),
    "a program": (written_out("/Launch", page=_annotation("/Link /A << /S 4 0 R /F (x.exe) >>")), "Launch"),
    "an address when it opens": (written_out(catalog=f"/OpenAction {URI}"), "OpenAction: URI"),
    "an address after a place": (
        written_out(catalog=f"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [{URI}] >>"),
        "OpenAction: URI",
    ),
    "an address when a page opens": (written_out(page=f"/AA << /O {URI} >>"), "AA: URI"),
    "a share when a page opens": (
        written_out(f"<< /S /GoToR {FILE} >>", page="/AA << /O 4 0 R >>"),
        "AA: GoToR",
    ),
    "a file in it when a page is left": (
        written_out(page=f"/AA << /C << /S /GoToE {FILE} >> >>"),
        "AA: GoToE",
    ),
    "an address under the mouse": (written_out(page=_annotation(f"/Widget /AA << /E {URI} >>")), "AA: URI"),
    "an associated file without a type": (
        written_out("<< /F (x) /EF 5 0 R >>", "<< /F 6 0 R >>", _stream(), catalog="/AF [4 0 R]"),
        "EmbeddedFiles",
    ),
    "data of another file": (written_out(_stream("/F (x.bin)")), "ExternalFile"),
    "a page of another file": (
        written_out(_stream(f"/Subtype /Form /BBox [0 0 9 9] /Ref << {FILE} /Page 0 >>")),
        "ReferenceXObject",
    ),
    "a film": (written_out(page=_annotation(f"/Movie /Movie << {FILE} >>")), "Movie"),
    "a sound": (written_out(page=_annotation("/Sound")), "Sound"),
    "a model": (written_out(page=_annotation("/3D")), "3D"),
}
HARMLESS = {
    "a byte order mark and lines in front": b"\xef\xbb\xbf\r\n\n" + GOOD,
    "a line in front that its table counts": written_out(start=b"\n"),
    "blocks filled up behind": GOOD + b"\x00" * 8192,
    "a link that a person clicks": written_out(page=_annotation(f"/Link /A {URI}")),
    "a button that a person clicks": written_out(page=_annotation(f"/Widget /AA << /U {URI} >>")),
    "opening at a place": written_out(catalog="/OpenAction << /S /GoTo /D [3 0 R /Fit] >>"),
}


@pytest.mark.parametrize("kind", REFUSED | ACTIVE)
def test_a_file_that_no_customer_should_get_is_refused_and_leaves_nothing(kind, keep, folder):
    content, reason = (REFUSED | ACTIVE)[kind]
    with pytest.raises(Refused, match=reason):
        keep(content)
    assert not ReportFile.objects.exists()
    assert not [each for each in folder.rglob("*") if each.is_file()]


@pytest.mark.parametrize("kind", HARMLESS)
def test_a_file_that_does_nothing_by_itself_is_kept_as_it_came(kind, keep, folder):
    report = keep(HARMLESS[kind])
    assert (folder / report.file.name).read_bytes() == HARMLESS[kind]


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
