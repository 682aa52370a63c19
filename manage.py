#!/usr/bin/env python
"""Django's command line."""

import sys

from django.core.management import execute_from_command_line

from hireops import VERSION, configure, stopping_at_mistakes

if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"hireops {VERSION}\n")
        sys.exit()
    configure()
    with stopping_at_mistakes():
        execute_from_command_line(sys.argv)
