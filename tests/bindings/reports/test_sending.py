"""Before Feishu hears of a report, hireops has fetched it itself from outside."""

import pytest
import requests

from bindings.models import ReportFetch
from bindings.reports import sending, services
from hireops.feishu.client import Answer
from hireops.feishu.errors import Outcome
from hireops.outbox import reasons, recording, registry
from hireops.outbox import sending as outbox
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation
from hireops.outbox.services import enqueue
from hireops.outbox.try_errors import NotReadyError
from tests.bindings.reports.conftest import path_of
from tests.feishu.servers import Server, send_and_close
from tests.processes import free_port, wait_until

THEIRS = {"name": "报告.pdf", "url": "https://vendor.example.com/r/1", "type": 2}


def why(reports):
    with pytest.raises(NotReadyError) as error:
        sending.as_sent(reports)
    assert error.value.outcome is Outcome.NOT_SENT
    return error.value.why


def ours(link):
    return [{"name": "报告.pdf", "link": link.pk}]


def test_a_link_of_the_vendors_own_goes_as_it_was_given():
    assert sending.as_sent([THEIRS]) == [
        {"report_name": "报告.pdf", "report_url": "https://vendor.example.com/r/1", "report_url_type": 2}
    ]


def test_without_a_public_address_the_report_waits_and_says_what_to_set(link, settings):
    settings.PUBLIC_URL = ""
    assert "PUBLIC_URL" in why(ours(link))


def test_a_public_address_that_does_not_answer_holds_the_report_back(link, settings):
    settings.PUBLIC_URL = f"http://127.0.0.1:{free_port()}"
    assert why(ours(link)) == sending.NOT_REACHED


def test_a_public_address_that_breaks_off_holds_the_report_back(link, settings):
    proxy = Server([send_and_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n%")])
    settings.PUBLIC_URL = proxy.url
    try:
        assert why(ours(link)) == sending.NOT_REACHED
    finally:
        proxy.close()


@pytest.mark.django_db(transaction=True)
def test_a_public_address_that_leads_elsewhere_holds_it_back(link, settings, live_server):
    settings.PUBLIC_URL = f"{live_server.url}/elsewhere"
    assert why(ours(link)) == sending.OTHER_ANSWER


def test_an_ended_link_is_not_sent(link, vera):
    services.revoke(link, by=vera, reason="wrong file")
    assert why(ours(link)) == sending.LINK_ENDED


def test_what_cannot_be_looked_at_from_here_is_sent_if_that_is_meant(link, settings):
    settings.PUBLIC_URL_CHECK = False
    (sent,) = sending.as_sent(ours(link))
    assert sent["report_url"] == f"https://reports.example.com{path_of(link)}"
    assert sent["report_url_type"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_report_that_can_be_fetched_is_sent_and_looked_at_once(link, settings, live_server):
    settings.PUBLIC_URL = live_server.url
    (first,) = sending.as_sent(ours(link))
    (second,) = sending.as_sent(ours(link))
    assert first == second
    assert requests.get(first["report_url"], timeout=10).content.startswith(b"%PDF-")
    assert [each.by_hireops for each in ReportFetch.objects.order_by("pk")] == [True, False]
    link.refresh_from_db()
    assert link.checked_at


@pytest.fixture
def reporting(monkeypatch):
    """An operation that would send the report of a link."""

    def send(_tenant_key: str, *, link: int) -> Answer:
        sending.as_sent([{"name": "报告.pdf", "link": link}])
        return Answer(data={}, log_id="", http_status=200, duration_ms=0)

    operation = Operation(
        name="test.report",
        label="Report",
        endpoint=registry.get("eco_account_custom_field.create").endpoint,
        send=send,
    )
    registry.register(operation)
    yield operation
    del registry._operations[operation.name]


def test_the_call_waits_says_why_and_closes_the_way_for_nobody_else(link, settings, reporting):
    settings.PUBLIC_URL = ""
    call = enqueue(
        operation=reporting.name, target="order 1", payload={"link": link.pk}, tenant=None, by=None
    )
    claim = outbox.claim()
    assert claim
    recording.record(claim, outbox.send(claim))
    call.refresh_from_db()
    assert call.state == Call.State.PENDING
    assert sending.NO_PUBLIC_URL in reasons.explain(call)
    assert call.channel.failures == 0
    assert "reports/" not in str(call.payload)
    assert call.attempts.get().outcome == "not_sent"


def test_through_the_real_web_server_in_its_own_threads(hireops, tmp_path):
    """Uploaded by a person of the template's demo, fetched past all middleware, ranges and all."""
    web = hireops.web()
    script = (
        "import django; django.setup()\n"
        "from io import BytesIO\n"
        "from django.contrib.auth.models import User\n"
        "from bindings.reports import sending, services\n"
        "from tests.bindings.reports.pdfs import pdf\n"
        "vera = User.objects.create_user('vera')\n"
        "link = services.make_link(services.keep(BytesIO(pdf()), '报告.pdf', by=vera))\n"
        "(sent,) = sending.as_sent([{'name': '报告.pdf', 'link': link.pk}])\n"
        "print(sent['report_url'])\n"
    )
    url = hireops.python("-c", script).strip()
    assert url.startswith(f"{web}/reports/")
    whole = requests.get(url, timeout=10)
    assert (whole.status_code, whole.content[:5]) == (200, b"%PDF-")
    assert "Set-Cookie" not in whole.headers
    part = requests.get(url, headers={"Range": "bytes=5-8"}, timeout=10)
    assert (part.status_code, part.content) == (206, whole.content[5:9])
    assert requests.head(url, timeout=10).headers["Content-Length"] == str(len(whole.content))
    assert requests.post(url, timeout=10).status_code == 405
    assert requests.get(f"{web}/reports/{'A' * 43}", timeout=10).status_code == 404
    assert requests.get(f"{web}/healthz", timeout=10).status_code == 200
    rows = hireops.database.rows("SELECT status, by_hireops FROM bindings_reportfetch ORDER BY id")
    assert [(status, bool(ours)) for status, ours in rows] == [
        (200, True),
        (200, False),
        (206, False),
        (200, False),
    ]


def test_not_even_the_access_log_of_the_web_server_has_the_address(hireops):
    log = hireops.folder / "access.log"
    web = hireops.web("--access-logfile", str(log))
    token = "ElUO7_fswyU6hCZX1BFiQmdqLC8-lSifz9kVcX_GAK0"
    assert requests.get(f"{web}/reports/{token}", timeout=10).status_code == 404
    wait_until(lambda: "/reports/" in log.read_text(), what="nothing was logged")
    assert token not in log.read_text()
