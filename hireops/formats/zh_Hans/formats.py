"""Chinese."""

from hireops.formats.shared import *  # noqa: F403 - all of it
