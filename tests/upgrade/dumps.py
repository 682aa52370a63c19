"""Starting points as files: a gzipped SQLite database, or a gzipped PostgreSQL dump in plain SQL.

The dump has no commands of psql, names no owner, no role and no extension, and holds its rows as ``INSERT``:
so any driver replays it, as any role that may create tables, into a server of any version.
"""

import gzip
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db.backends.utils import CursorWrapper

SQLITE, POSTGRESQL = ".sqlite3.gz", ".sql.gz"
DUMP = ["pg_dump", "--no-owner", "--no-privileges", "--no-comments", "--rows-per-insert=200"]
# Before the first table pg_dump sets what servers of other versions may not know, and after the last one it
# says goodbye to psql.
BEFORE_THE_FIRST_OBJECT = re.compile(r"\A.*?(?=^CREATE )", re.DOTALL | re.MULTILINE)
FOR_PSQL = re.compile(r"^\\(un)?restrict .*\n", re.MULTILINE)


def save_sqlite(database: Path, target: Path) -> None:
    whole = database.with_name(f"{database.name}.whole")
    with closing(sqlite3.connect(database)) as link, closing(sqlite3.connect(whole)) as copy:
        link.backup(copy)  # with what is still in the write-ahead log
    _compress(whole.read_bytes(), target)
    whole.unlink()


def save_postgresql(url: str, target: Path) -> None:
    dumped = subprocess.run([*DUMP, url], check=True, capture_output=True, text=True).stdout
    _compress(FOR_PSQL.sub("", BEFORE_THE_FIRST_OBJECT.sub("", dumped)).encode(), target)


def load_sqlite(source: Path, database: Path) -> None:
    database.write_bytes(gzip.decompress(source.read_bytes()))


def load_postgresql(source: Path, cursor: CursorWrapper) -> None:
    """Into an empty database, all statements at once."""
    cursor.execute(gzip.decompress(source.read_bytes()).decode())


def _compress(content: bytes, target: Path) -> None:
    target.write_bytes(gzip.compress(content, mtime=0))
