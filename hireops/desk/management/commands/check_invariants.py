import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from hireops.database import schema
from hireops.desk import invariants


class Command(BaseCommand):
    help = "Checks the promises that a query can prove; prints one line per broken row and exits with 1."

    def handle(self, *args: Any, **options: Any) -> None:
        schema.refuse_misfits(connection)
        failures = 0
        for name, sentence in invariants.broken():
            failures += 1
            self.stdout.write(f"broken: {name}: {sentence}")
        for sentence in invariants.remarks():
            self.stdout.write(sentence)
        if failures:
            sys.exit(1)
        self.stdout.write(f"{invariants.count()} invariants hold")
