"""Whether a pooler stands between hireops and PostgreSQL."""

from typing import Any


def stands_before(connection: Any) -> bool:
    """It is told by the number of the server's process, which a pooler makes up for its own connections."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (number,) = cursor.fetchone()
    return bool(number != connection.connection.info.backend_pid)
