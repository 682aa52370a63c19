"""hireops' settings as a process would read them, without starting one."""

import os
import runpy
from pathlib import Path
from typing import Any
from unittest import mock

from tests.environment import ROOT, pinned

# What the README tells people to fill in.
APP = {
    "FEISHU_APP_ID": "cli_of_a_company",
    "FEISHU_APP_SECRET": "an-app-secret-of-the-console",
    "FEISHU_ENCRYPT_KEY": "an-encrypt-key-of-the-console",
    "FEISHU_VERIFICATION_TOKEN": "a-verification-token-of-the-console",
    "SECRET_KEY": "Qw7-j3kV9qpL-0xZ2mNwB7cT5yRf8sHgD1aUeQoIiKuJtYrXvWzMb",
    "ALLOWED_HOSTS": "hireops.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://hireops.example.com",
    "TRUSTED_PROXIES": "1",
    "DEMO": "",
}


def settings_of(folder: Path, **variables: str) -> dict[str, Any]:
    """All that ``hireops/settings.py`` says in this environment; it raises what a process would end with."""
    with mock.patch.dict(os.environ, pinned(folder) | variables):
        return runpy.run_path(str(ROOT / "hireops" / "settings.py"))
