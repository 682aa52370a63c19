"""How much the page asks of the database on which an action is confirmed."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries_of_confirming(client: Client, action: str, rows: Sequence[Model]) -> int:
    """Of the page that shows these rows, all of one table."""
    options = rows[0]._meta
    address = f"/admin/{options.app_label}/{options.model_name}/actions/{action}/"
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(address, {"_selected_action": [row.pk for row in rows]})
    assert answer.status_code == 200, (address, answer.status_code)
    return len(queries)
