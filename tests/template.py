"""The migrated database that all those of a test run are copies of."""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.databases import Database
from tests.postgresql import PostgreSQL

ROOT = Path(__file__).resolve().parent.parent
APPS = ("hireops", "bindings", "referrals")
KEPT = ROOT / ".pytest_cache" / "templates"


def template() -> Database:
    """Who asks first makes it; the other workers wait."""
    url = os.environ["DATABASE_URL"]
    make = _template_file if url.startswith("sqlite") else _template_on
    with (Path(os.environ["VAR_DIR"]) / "template.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return make()


def _template_file() -> Database:
    """It is kept for later runs, as long as nothing has changed that it could have been made from."""
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"{_digest()}.sqlite3"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            made = Path(folder, "made.sqlite3")
            _migrate(f"sqlite:///{made}")
            made.rename(kept)
        for older in KEPT.glob("*.sqlite3"):
            if older != kept:
                older.unlink()
    return Database(f"sqlite:///{kept}")


def _digest() -> str:
    """Of all that a migration could import, a guard could be made from or a signal could run."""
    sources = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))]
    digest = hashlib.blake2b(sys.version.encode(), digest_size=8)
    for path in [ROOT / "requirements.txt", *sources]:
        digest.update(f"{path.relative_to(ROOT)} ".encode() + path.read_bytes())
    return digest.hexdigest()


def _template_on() -> Database:
    """It is on the server until the run ends: nobody else's server is to keep what tests have made."""
    server, name = PostgreSQL(os.environ["DATABASE_URL"]), f"template_{os.environ['HIREOPS_TEST_RUN']}"
    database = Database(server.url_of(name))
    if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", name):
        server.execute(f'CREATE DATABASE "{name}_unfinished"')
        _migrate(server.url_of(f"{name}_unfinished"))
        server.execute(f'ALTER DATABASE "{name}_unfinished" RENAME TO "{name}"')
    return database


def _migrate(url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "hireops.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def drop_what_the_run_has_made() -> None:
    """On a server; files go with their folder."""
    if not os.environ["DATABASE_URL"].startswith("sqlite"):
        PostgreSQL(os.environ["DATABASE_URL"]).drop_databases(os.environ["HIREOPS_TEST_RUN"])
