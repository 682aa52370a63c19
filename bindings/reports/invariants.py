"""What must be true of reports at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from bindings.models import ReportFile


def report_files_are_unchanged() -> Iterator[str]:
    """As the last night has found them (integrity.py): all of them are too much to read at once."""
    for report in ReportFile.objects.filter(intact=False, emptied_at=None).iterator():
        yield f"report file #{report.pk} is gone from the storage or is not what was uploaded"


def emptied_reports_say_nothing() -> Iterator[str]:
    for report in ReportFile.objects.filter(emptied_at__isnull=False).exclude(name="").iterator():
        yield f"report file #{report.pk} is emptied and still has its name"
