"""Pages that wait do so by a script that stops when nobody looks, and never by a meta tag."""

import re
from pathlib import Path

from django.conf import settings

OURS = ("templates", "hireops", "bindings", "referrals")
TEMPLATES = [page for room in OURS for page in Path(settings.BASE_DIR, room).glob("**/*.html")]
SCRIPT = Path(settings.BASE_DIR, "static/desk/waiting.js").read_text()


def test_no_page_loads_itself_again_by_a_meta_tag() -> None:
    assert len(TEMPLATES) > 100
    assert [each for each in TEMPLATES if "http-equiv" in each.read_text()] == []


def test_the_script_stops_when_hidden_and_nothing_in_it_needs_another_host() -> None:
    assert "document.hidden" in SCRIPT
    assert "visibilitychange" in SCRIPT
    assert not re.search(r"https?://", SCRIPT)


def test_there_is_one_status_and_it_is_empty_when_the_page_is_drawn() -> None:
    box = Path(settings.BASE_DIR, "templates/desk/waiting.html").read_text()
    assert re.search(r'<p id="waiting-status" role="status"[^>]*></p>', box)
    assert "waiting-refresh" in box
