from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# The one that new packages were given and that not every order needs.
PROPOSED = "等待候选人补充材料"


def mark_the_proposed_one(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    stages = apps.get_model("bindings", "StageTemplate").objects.using(editor.connection.alias)
    stages.filter(name=PROPOSED, stops_clock=True).update(is_optional=True)


class Migration(migrations.Migration):
    changes_rows_of = ("bindings_stagetemplate",)
    dependencies = [("bindings", "0018_personal_answers")]

    operations = [
        migrations.AddField(
            model_name="stagetemplate",
            name="is_optional",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Has a button of its own and is never the next stage.",
                verbose_name="only if needed",
            ),
        ),
        migrations.RunPython(mark_the_proposed_one, migrations.RunPython.noop),
    ]
