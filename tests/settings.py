"""What pytest runs with: hireops' own settings, read after the environment has been pinned.

pytest-django reads the settings before it reads any conftest.py, so this cannot be done there.
"""

from tests.environment import prepare

prepare()

from hireops.settings import *  # noqa: E402, F403 - after prepare(), and all of it

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one takes 0.3 s for each user
