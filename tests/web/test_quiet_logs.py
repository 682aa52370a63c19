"""Whoever reads a log of the web server can't open a report."""

import logging

from hireops.web.pools import PAGES, REPORTS, pool_of
from hireops.web.quiet_logs import WithoutLinks

TOKEN = "ElUO7_fswyU6hCZX1BFiQmdqLC8-lSifz9kVcX_GAK0"


def test_the_address_of_a_report_stands_in_no_line(caplog):
    log = logging.getLogger("test of gunicorn")
    log.addFilter(WithoutLinks())
    log.error("Error handling request %s %s", "GET", f"/reports/{TOKEN}?x=1")
    log.error('%(h)s "%(r)s" %(s)s', {"h": "1.2.3.4", "r": f"GET /reports/{TOKEN} HTTP/1.1", "s": "200"})
    assert TOKEN not in caplog.text
    assert "GET /reports/…" in caplog.text
    assert '1.2.3.4 "GET /reports/… HTTP/1.1" 200' in caplog.text


def test_who_fetches_a_report_has_threads_of_their_own():
    assert pool_of(f"/reports/{TOKEN}") is REPORTS
    assert pool_of("/reports") is PAGES
    assert pool_of("/admin/reports/") is PAGES
