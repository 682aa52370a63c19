from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.functions import TruncDate

KINDS = ("BackgroundCheck", "Exam")


def note_those_that_have_ended(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    ended_on = TruncDate(F("ended_at"), tzinfo=ZoneInfo(settings.PROMISE_TIME_ZONE))
    is_late = Q(promised_on__isnull=False, promised_on__lt=ended_on)
    for kind in KINDS:
        orders = apps.get_model("bindings", kind).objects.using(editor.connection.alias)
        orders.filter(ended_at__isnull=False).update(
            ended_late=ExpressionWrapper(is_late, models.BooleanField())
        )


class Migration(migrations.Migration):
    # Lists ask which orders ended late; by their dates alone that is a look at every order there ever was.
    changes_rows_of = ("bindings_backgroundcheck", "bindings_exam")
    dependencies = [("bindings", "0012_lists")]

    operations = [
        *(
            migrations.AddField(
                model_name=kind.lower(),
                name="ended_late",
                field=models.BooleanField(editable=False, null=True, verbose_name="ended late"),
            )
            for kind in KINDS
        ),
        migrations.RunPython(note_those_that_have_ended, migrations.RunPython.noop),
    ]
