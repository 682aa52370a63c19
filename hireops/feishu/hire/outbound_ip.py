"""Where Feishu's deliveries come from (contract 6.1); not of Hire, but asked for like the rest."""

from hireops.feishu.client import Answer, call
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.hire.wire import query

PAGE_MAX = 50


def list_outbound_ips(
    tenant_key: str, *, page_token: str | None = None, page_size: int | None = None
) -> Answer:
    """Read one page of the addresses that Feishu sends from: ``OutboundIpPage.of(answer.data)``.

    ``page_size`` is at most 50. The list changes, so read it now and then. Quota not stated. Doc
    ``event-v1/outbound_ip/list``.
    """
    if page_size is not None and not 1 <= page_size <= PAGE_MAX:
        raise ValueError(f"a page has 1 to {PAGE_MAX} addresses, not {page_size}")
    return call(
        ENDPOINTS["event.outbound_ip.list"],
        tenant_key=tenant_key,
        query=query(page_token=page_token, page_size=page_size),
    )
