"""What pytest runs with: hireops' own settings, read after the environment has been pinned.

pytest-django reads the settings before it reads any conftest.py, so this cannot be done there.
"""

import os
from pathlib import Path

from tests.environment import prepare

prepare()

from hireops.settings import *  # noqa: E402, F403 - after prepare(), and all of it
from hireops.settings import DATABASES, VAR_DIR  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one takes 0.3 s for each user

if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # A file, as in production: in memory there is no WAL, and a second thread does not wait for a lock.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(VAR_DIR, f"test-{os.getpid()}.sqlite3"))}
