"""From which address a request comes, as far as it can be known."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([^:]+):\d+")


def address_of(meta: Mapping[str, Any], trusted_proxies: int) -> str:
    """Of ``X-Forwarded-For`` only what proxies of ours have written, as many as the settings name; or ""."""
    hops = [hop.strip() for hop in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    nearest = hops[-trusted_proxies] if 0 < trusted_proxies <= len(hops) else ""
    return _clean(nearest) or _clean(str(meta.get("REMOTE_ADDR", "")))


def _clean(address: str) -> str:
    """Some proxies write the port too: ``1.2.3.4:567``, ``[::1]:567``."""
    with_port = WITH_PORT.fullmatch(address.strip())
    try:
        return str(ip_address(with_port[1] or with_port[2] if with_port else address.strip()))
    except ValueError:
        return ""
