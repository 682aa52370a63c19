"""What the fuzzer's processes run with: hireops' own settings, on a database that may be lost."""

from hireops.settings import *  # noqa: F403
from hireops.settings import DATABASES

if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # A million commits; none of them has to survive a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
