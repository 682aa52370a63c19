import sys
from typing import Any

from django.core.management.base import BaseCommand

from hireops.encrypted_columns import Reencrypt, encrypted_columns


class Command(BaseCommand):
    help = (
        "Brings all that is encrypted in the database under SECRET_KEY, so that SECRET_KEY_FALLBACKS can be "
        "emptied. Others may work meanwhile; cut off, run it again. Exit code 1: some of it no key opens."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        lost = [self._reencrypt(name, how) for name, how in sorted(encrypted_columns().items())]
        if any(lost):
            sys.exit(1)
        self.stdout.write("SECRET_KEY_FALLBACKS is not needed any more.")

    def _reencrypt(self, name: str, reencrypt: Reencrypt) -> int:
        changed = lost = 0
        for piece in reencrypt():
            changed += piece.changed
            lost += piece.lost
        self.stdout.write(f"{name}: {changed} rows brought under SECRET_KEY")
        if lost:
            self.stderr.write(
                f"{name}: {lost} rows are opened by no key of SECRET_KEY and SECRET_KEY_FALLBACKS"
            )
        return lost
