"""A release after this one: this code, with a column, an index and a guarded table more.

So a drill can go forward and back without an older commit, which a shallow clone does not have.
"""

import shutil
from pathlib import Path

HERE = Path(__file__).parent
INBOX = "inbox_migrations_of_the_next_release"


def environment(folder: Path) -> dict[str, str]:
    """For a process of that release."""
    package = folder / INBOX
    shutil.copytree(HERE.parents[2] / "hireops/inbox/migrations", package, dirs_exist_ok=True)
    shutil.copytree(HERE / "inbox/migrations", package, dirs_exist_ok=True)
    return {"DJANGO_SETTINGS_MODULE": "tests.drills.next_release.settings", "PYTHONPATH": str(folder)}
