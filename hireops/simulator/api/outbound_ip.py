"""Where events come from (contract 6.1)."""

from hireops.simulator.api.answers import Json, Refusal
from hireops.simulator.api.shapes import digits, record, text
from hireops.simulator.world import World

PAGE_MAX = 50
INVALID_PAGING = 1810001
PAGE_QUERY = record({}, {"page_size": digits(1, PAGE_MAX), "page_token": text(may_be_empty=True)})


def list_outbound_ips(world: World, query: Json, tenant_key: str) -> Json:
    """This machine's own address, and no second page."""
    if query.get("page_token"):
        raise Refusal(400, INVALID_PAGING, "page_token is not valid")
    return {"ip_list": ["127.0.0.1"], "page_token": "", "has_more": False}
