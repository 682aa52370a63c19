"""``python -m tests.drills.owe``: owes the calls that standard input lists as JSON, and rings."""

import json
import sys

import django

django.setup()

from django.db import transaction  # noqa: E402 - after setup

from hireops.feishu.models import Tenant  # noqa: E402
from hireops.outbox import services  # noqa: E402
from hireops.outbox.tasks import drain  # noqa: E402
from tests.drills import operations  # noqa: E402, F401 - registers them


def owe(operation: str, target: str, payload: dict[str, object], tenant_key: str = "") -> None:
    tenant = Tenant.objects.known(app_id="drill", tenant_key=tenant_key) if tenant_key else None
    with transaction.atomic():
        services.enqueue(operation=operation, target=target, payload=payload, tenant=tenant, by=None)


if __name__ == "__main__":
    for call in json.load(sys.stdin):
        owe(**call)
    drain.delay()  # waits at the door until a worker comes
