#!/usr/bin/env python
"""Django's command line."""

import sys

from django.core.management import execute_from_command_line

from hireops import configure

if __name__ == "__main__":
    configure()
    execute_from_command_line(sys.argv)
