"""Ids as Feishu makes them."""

import secrets


def new_id() -> str:
    """19 decimal digits, too many for a float."""
    return str(7 * 10**18 + secrets.randbelow(10**18))
