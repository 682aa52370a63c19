"""All tasks of the app, for Celery, which looks for them here. Each room's own are in its tasks.py."""

from bindings.checks.tasks import empty_candidates as empty_candidates_of_checks
from bindings.checks.tasks import look_after_results
from bindings.exams.tasks import empty_candidates, notice_ended_windows
from bindings.reports.tasks import empty_reports, look_at_files, reach_storage

__all__ = [
    "empty_candidates",
    "empty_candidates_of_checks",
    "empty_reports",
    "look_after_results",
    "look_at_files",
    "notice_ended_windows",
    "reach_storage",
]
