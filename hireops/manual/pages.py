"""The pages of the manual in each language, read from ``docs/manual`` once in each process."""

from collections.abc import Mapping
from functools import cache

from django.conf import settings

from hireops.manual.rendering import Page, render

FOLDER = settings.BASE_DIR / "docs" / "manual"
# By the code of the language that pages are shown in.
FOLDERS = {"zh-hans": FOLDER / "zh", "en": FOLDER / "en"}


@cache
def pages(language: str) -> Mapping[str, Page]:
    """By their names, those of files without ``.md``."""
    files = sorted(FOLDERS[language].glob("*.md"))
    return {file.stem: render(file.stem, file.read_text(encoding="utf-8")) for file in files}
