"""Feishu's side of background checks, as one object in this process that can lose an answer at any moment."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hireops.feishu.client import Answer
from hireops.feishu.endpoints import Endpoint
from hireops.feishu.errors import Advice, FeishuError, Outcome, what_happened

ARRANGED, COMPLETED, TERMINATED, IN_APPROVAL = 2, 3, 4, 5


@dataclass
class Picture:
    """What Feishu has of one order, and every request that reached it."""

    status: int = ARRANGED
    stages: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    ended_by_us: bool = False


class FeishuSide:
    """Takes the place of ``client.call``. ``says`` is what becomes of the next requests, "yes" where nothing
    is prepared: "yes", "lost" (done, without an answer), "nothing" (not done, without an answer), "unsent",
    "broken" (1002001 with HTTP 500, not done). ``meanwhile`` is done while a request is on its way.
    """

    def __init__(self) -> None:
        self.orders: dict[str, Picture] = {}
        self.says: deque[str] = deque()
        self.meanwhile: Callable[[], None] | None = None
        self.approves = False
        self.read_back = "works"  # or "not_granted", "other_ids"
        self.read = 0

    def picture(self, order_id: str) -> Picture:
        return self.orders.setdefault(order_id, Picture())

    def call(self, endpoint: Endpoint, *, tenant_key: str, body: dict[str, Any], **_options: Any) -> Answer:
        if endpoint.name == "background_check_order.batch_query":
            return self._read(endpoint, body)
        word = self.says.popleft() if self.says else "yes"
        if word == "unsent":
            raise FeishuError(Outcome.NOT_SENT, "no connection", advice=Advice.RETRY_LATER)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        self.picture(body["background_check_id"]).requests += 1
        if word == "nothing":
            raise FeishuError(Outcome.UNKNOWN, "no answer", endpoint=endpoint.name)
        if word == "broken":
            raise _refusal(endpoint, 1002001, 500)
        self._do(endpoint, body)
        if word == "lost":
            raise FeishuError(Outcome.UNKNOWN, "no answer", endpoint=endpoint.name)
        return Answer(data={}, log_id="log", http_status=200, duration_ms=1)

    def _do(self, endpoint: Endpoint, body: dict[str, Any]) -> None:
        picture = self.picture(body["background_check_id"])
        if endpoint.name.endswith("update_result") and picture.status == IN_APPROVAL:
            raise _refusal(endpoint, 1002863, 500)
        if picture.status != ARRANGED:
            raise _refusal(endpoint, 1002001 if endpoint.name.endswith("cancel") else 1002858, 400)
        if endpoint.name.endswith("update_progress"):
            picture.stages.append(body)
        elif endpoint.name.endswith("update_result"):
            picture.results.append(body)
            picture.status = IN_APPROVAL if self.approves else COMPLETED
        else:
            picture.status, picture.ended_by_us = TERMINATED, True

    def _read(self, endpoint: Endpoint, body: dict[str, Any]) -> Answer:
        self.read += 1
        if self.read_back == "not_granted":
            raise _refusal(endpoint, 99991672, 400)
        items = [
            self._item(order_id, self.orders[order_id])
            for order_id in body["background_check_order_id_list"]
            if order_id in self.orders
        ]
        if self.read_back == "other_ids":
            items = [{**item, "order_id": f"9{item['order_id']}"} for item in items]
        return Answer(data={"items": items, "has_more": False}, log_id="log", http_status=200, duration_ms=1)

    def _item(self, order_id: str, picture: Picture) -> dict[str, Any]:
        return {
            "order_id": order_id,
            "order_status": picture.status,
            "process_info_list": [{"process": stage["stage_name"]} for stage in picture.stages],
            "feedback_info_list": [{"report_type": 2} for _result in picture.results],
            "conclusion": "",
        }


def _refusal(endpoint: Endpoint, code: int, http_status: int) -> FeishuError:
    outcome, advice = what_happened(code, http_status, endpoint.name)
    return FeishuError(
        outcome, "no", code=code, http_status=http_status, advice=advice, endpoint=endpoint.name, log_id="no"
    )
