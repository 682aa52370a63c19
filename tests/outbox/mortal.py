"""A worker for one drill: ``python -m tests.outbox.mortal enqueue-and-drain safe`` (or ``later safe``).

What reaches "Feishu" is appended to the file in ``SENT_FILE``, so that it outlives the process.
"""

import os
import sys
from pathlib import Path

import django

django.setup()

from django.db import transaction  # noqa: E402 - after setup
from django.db.models import F  # noqa: E402

from hireops.feishu.client import Answer  # noqa: E402
from hireops.outbox import registry, services  # noqa: E402
from hireops.outbox.models import Call  # noqa: E402
from hireops.outbox.tasks import drain  # noqa: E402
from tests.outbox.conftest import endpoint_of  # noqa: E402


def send(tenant_key: str, *, number: int) -> Answer:
    with Path(os.environ["SENT_FILE"]).open("a") as file:
        file.write(f"{number}\n")
    return Answer(data={}, log_id=f"log-{number}", http_status=200, duration_ms=1)


def enqueue(numbers: range) -> None:
    for number in numbers:
        with transaction.atomic():
            services.enqueue(operation="drill", target="a", payload={"number": number}, tenant=None, by=None)


def main(what: str, safety: str) -> None:
    endpoint = endpoint_of("drill", safe_to_repeat=safety == "safe")
    registry.register(registry.Operation(name="drill", label="Drill", send=send, endpoint=endpoint))
    if what == "enqueue-and-drain":
        enqueue(range(3))
    drain()  # as long as the lease holds, this must change nothing for the call that was lost
    if what == "later":
        Call.objects.filter(lease_until__isnull=False).update(lease_until=F("created_at"))
        drain()


if __name__ == "__main__":
    main(*sys.argv[1:])
