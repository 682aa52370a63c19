"""What hireops keeps on disk is its owner's alone: sessions, tickets and people's data lie there."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create_for_oneself() -> None:
    """Whatever this process and its children make from now on is for nobody else."""
    os.umask(OTHERS)


def close_to_others(path: Path) -> None:
    """Takes ``path``, and all that is in it, from group and others. Links are not followed."""
    _close(path)
    for folder, folders, files in os.walk(path):
        for name in [*folders, *files]:
            _close(Path(folder, name))


def refuse_shared(name: str, folder: Path) -> None:
    """Raises ``ImproperlyConfigured`` if ``folder`` is everybody's, or cannot be closed to others."""
    mode = folder.stat().st_mode
    if mode & stat.S_ISVTX:
        raise ImproperlyConfigured(f"{name}: {folder} is everybody's. Name a folder of hireops' own.")
    close_to_others(folder)
    if folder.stat().st_mode & OTHERS:
        raise ImproperlyConfigured(
            f"{name}: {folder} is open to others and belongs to somebody else. Give it to the user that runs "
            "hireops (chown), or name another folder."
        )


def _close(path: Path) -> None:
    with suppress(FileNotFoundError, PermissionError):  # gone meanwhile, or somebody else's
        mode = path.lstat().st_mode
        if mode & OTHERS and not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
