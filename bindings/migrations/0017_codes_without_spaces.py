import logging
from collections import defaultdict

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

logger = logging.getLogger(__name__)
LONGEST_PLAIN = 230


def leave_spaces_out(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Customers whose codes only differ in spaces keep them; no code is taken for one of them by itself."""
    customers = apps.get_model("bindings", "Customer").objects.using(editor.connection.alias)
    same = defaultdict(list)
    spaced = customers.filter(normalised_code__contains=" ").values_list("pk", "normalised_code")
    for pk, code in spaced.iterator():
        same[code.replace(" ", "")].append(pk)
    plain = customers.exclude(normalised_code__contains=" ").values_list("pk", "normalised_code")
    for pk, code in plain.iterator():
        if code in same:
            same[code].append(pk)
    shared = {code: sorted(keys) for code, keys in same.items() if len(keys) > 1}
    for keys in shared.values():
        logger.warning("customers %s have one code but for spaces", ", ".join(f"#{pk}" for pk in keys))
    for code, keys in same.items():
        for pk in keys:
            kept = f"{code[:LONGEST_PLAIN]} #{pk}" if code in shared else code
            customers.filter(pk=pk).update(normalised_code=kept)


class Migration(migrations.Migration):
    changes_rows_of = ("bindings_customer",)
    dependencies = [("bindings", "0016_ended_late_index")]

    operations = [migrations.RunPython(leave_spaces_out, migrations.RunPython.noop)]
