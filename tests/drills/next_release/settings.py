import os
import sys

from hireops.settings import *  # noqa: F403
from hireops.settings import INSTALLED_APPS as THEN
from tests.drills.next_release import INBOX

# A forked process has its path already.
sys.path += os.environ["PYTHONPATH"].split(os.pathsep)
INSTALLED_APPS = [*THEN, "tests.drills.next_release.apps.NextReleaseConfig"]
MIGRATION_MODULES = {"inbox": INBOX}
