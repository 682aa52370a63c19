#!/usr/bin/env python
"""Django's command line."""

import sys

from django.core.management import execute_from_command_line

from hireops import configure, stopping_at_mistakes

if __name__ == "__main__":
    configure()
    with stopping_at_mistakes():
        execute_from_command_line(sys.argv)
