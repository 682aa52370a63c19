from typing import Any

import pytest
import requests

from tests.simulator.scene import CHECK_ACCOUNT, EXAM_ACCOUNT, HIRE, PAPERS
from tests.simulator_process import Simulator

LOGIN = {"exam_login_info": {"exam_url": "https://example.com/exam"}}
OUTBOUND_IP = "/open-apis/event/v1/outbound_ip"


@pytest.fixture
def account(simulator: Simulator) -> str:
    simulator.add_account(scope=1, account_id=CHECK_ACCOUNT)
    return str(simulator.add_account(scope=2, account_id=EXAM_ACCOUNT)["account_id"])


@pytest.fixture
def exam(simulator: Simulator, account: str) -> str:
    return simulator.arrange_exam(account)


def papers(*sent: dict[str, Any] | str, account_id: str = EXAM_ACCOUNT) -> dict[str, Any]:
    paper_list = [{"id": each, "name": f"试卷 {each}"} if isinstance(each, str) else each for each in sent]
    return {"account_id": account_id, "paper_list": paper_list}


def published(simulator: Simulator) -> dict[str, Any]:
    return dict(simulator.state("published")["published"][EXAM_ACCOUNT])


def codes(answer: requests.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def test_papers_are_replaced_and_activate_the_account(simulator: Simulator, account: str) -> None:
    simulator.call("POST", PAPERS, papers("a", "b"))
    assert codes(simulator.call("POST", PAPERS, papers("b", "c"))) == (200, 0)

    assert (list(published(simulator)["papers"]), published(simulator)["activated"]) == (["b", "c"], True)


def test_long_ids_and_names_are_cut_without_a_word(simulator: Simulator, account: str) -> None:
    assert codes(simulator.call("POST", PAPERS, papers({"id": "i" * 300, "name": "名" * 300}))) == (200, 0)

    (paper,) = published(simulator)["papers"].values()
    assert (paper["id"], paper["name"]) == ("i" * 255, "名" * 255)


def test_an_update_clears_what_is_left_out_and_adds_no_paper(simulator: Simulator, account: str) -> None:
    simulator.call("POST", PAPERS, papers({"id": "a", "name": "甲", "duration": 30, "start_time": ""}, "b"))
    update = f"{PAPERS}/batch_update"

    assert codes(simulator.call("PATCH", update, papers({"id": "a", "name": "乙"}))) == (200, 0)
    assert codes(simulator.call("PATCH", update, papers("a", "c"))) == (500, 1002001)
    assert published(simulator)["papers"] == {
        "a": {"id": "a", "name": "乙"},
        "b": {"id": "b", "name": "试卷 b"},
    }


def test_deleting_ignores_unknown_papers(simulator: Simulator, account: str) -> None:
    simulator.call("POST", PAPERS, papers("a", "b"))
    body = {"account_id": account, "paper_id_list": ["a", "unknown"]}

    assert codes(simulator.call("POST", f"{PAPERS}/batch_delete", body)) == (200, 0)
    assert codes(simulator.call("POST", f"{PAPERS}/batch_delete", body)) == (200, 0)
    assert list(published(simulator)["papers"]) == ["b"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (papers(), (400, 99992402)),
        (papers({"id": "", "name": "甲"}), (400, 99992402)),
        (papers({"id": "a", "name": "甲", "duration": "30"}), (400, 99992402)),
        (papers({"id": "a", "name": "甲", "start_time": "1658676234"}), (400, 99992402)),
        (papers("a", "a"), (500, 1002001)),
        (
            papers({"id": "a", "name": "甲", "start_time": "1658676234053", "end_time": "1658676234053"}),
            (500, 1002001),
        ),
        (papers("a", account_id=CHECK_ACCOUNT), (500, 1002001)),
        (papers("a", account_id="unknown"), (500, 1002001)),
    ],
)
def test_wrong_papers_are_refused(
    simulator: Simulator, account: str, body: dict[str, Any], expected: tuple[int, int]
) -> None:
    assert codes(simulator.call("POST", PAPERS, body)) == expected
    assert not simulator.state("published")["published"].get(EXAM_ACCOUNT, {}).get("papers")


def test_login_info_is_taken_once(simulator: Simulator, exam: str) -> None:
    path = f"{HIRE}/eco_exams/{exam}/login_info"
    info = {"exam_url": "https://example.com", "username": "u", "password": "secret-1"}

    assert codes(simulator.call("POST", path, {"result": 0, "exam_login_info": info})) == (200, 0)
    assert codes(simulator.call("POST", path, LOGIN)) == (400, 1002851)
    assert simulator.state()["exams"][exam]["state"] == "ready"
    assert "secret-1" not in str(simulator.state("calls"))


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        (LOGIN, True),
        ({"result": 7, "msg": "no seat", "exam_login_info": {"exam_url": ""}}, True),
        ({"result": 0, "exam_login_info": {"exam_url": ""}}, False),
        ({"exam_login_info": {"exam_url": "example.com"}}, False),
        ({"exam_login_info": {"exam_url": "https://example.com", "username": "u"}}, False),
        ({"exam_login_info": {}}, False),
        ({}, False),
        (LOGIN | {"result": "0"}, False),
    ],
)
def test_login_info_has_its_shape(
    simulator: Simulator, exam: str, body: dict[str, Any], accepted: bool
) -> None:
    answer = simulator.call("POST", f"{HIRE}/eco_exams/{exam}/login_info", body)

    assert codes(answer) == ((200, 0) if accepted else (400, 99992402))


def test_the_last_result_counts_until_marking_is_finished(simulator: Simulator, exam: str) -> None:
    path = f"{HIRE}/eco_exams/{exam}/update_result"

    assert codes(simulator.call("POST", path, {"result": "60.5"})) == (200, 0)
    assert codes(simulator.call("POST", path, {"result": "61"})) == (200, 0)
    simulator.finish_marking(exam)
    assert codes(simulator.call("POST", path, {"result": "99"})) == (400, 1002855)
    (known,) = simulator.state()["exams"].values()
    assert (known["result"], known["reports"], known["state"]) == ({"result": "61"}, 2, "marked")


@pytest.mark.parametrize(
    "wrong",
    [{"result": 60.5}, {"result": ""}, {"status": 1}, {"report_list": [{"name": "a"}]}, {"result_time": "1"}],
)
def test_a_malformed_result_is_refused(simulator: Simulator, exam: str, wrong: dict[str, Any]) -> None:
    answer = simulator.call("POST", f"{HIRE}/eco_exams/{exam}/update_result", {"result": "1"} | wrong)

    assert codes(answer) == (400, 99992402)


@pytest.mark.parametrize(("call", "body"), [("login_info", LOGIN), ("update_result", {"result": "1"})])
def test_an_unknown_exam_is_1002001(simulator: Simulator, call: str, body: dict[str, Any]) -> None:
    assert codes(simulator.call("POST", f"{HIRE}/eco_exams/1/{call}", body)) == (500, 1002001)


@pytest.mark.parametrize("wrong", ["page_size=51", "page_size=0", "page_token=x"])
def test_outbound_ips_refuse_a_page_that_is_none(simulator: Simulator, wrong: str) -> None:
    assert codes(simulator.call("GET", f"{OUTBOUND_IP}?{wrong}")) == (400, 1810001)
    assert simulator.call("GET", OUTBOUND_IP).json()["data"]["ip_list"] == ["127.0.0.1"]
