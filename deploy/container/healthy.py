"""Exit status 0 if the web server of this container answers. ``/healthz`` asks nobody else."""

import os
import sys
from http.client import HTTPConnection, HTTPException

PORT = 8000
WITHIN_S = 4


def status() -> int:
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip() or "localhost"
    connection = HTTPConnection("127.0.0.1", PORT, timeout=WITHIN_S)
    connection.request("GET", "/healthz", headers={"Host": host})
    return connection.getresponse().status


if __name__ == "__main__":
    try:
        sys.exit(status() != 200)  # noqa: PLR2004
    except (OSError, HTTPException) as error:
        sys.exit(f"{type(error).__name__}: {error}")
