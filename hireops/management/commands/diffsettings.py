from typing import Any

from django.conf import settings
from django.core.management.commands import diffsettings

from hireops.debug_page import MaskingFilter


class Command(diffsettings.Command):
    help = f"{diffsettings.Command.help} Secrets and passwords are masked."

    def output_hash(self, user_settings: dict[str, str], *args: Any, **options: Any) -> list[str]:
        lines: list[str] = super().output_hash(_masked(user_settings), *args, **options)
        return lines

    def output_unified(self, user_settings: dict[str, str], *args: Any, **options: Any) -> list[str]:
        lines: list[str] = super().output_unified(_masked(user_settings), *args, **options)
        return lines


def _masked(shown: dict[str, str]) -> dict[str, str]:
    return {name: _shown(name) for name in shown}


def _shown(name: str) -> str:
    value = getattr(settings, name)
    return repr(value and MaskingFilter().cleanse_setting(name, value))
