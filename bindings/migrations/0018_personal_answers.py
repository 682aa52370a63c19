import django.core.validators
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# As the ready-made forms have them: key, type, name.
PERSONAL = (("employers", "textarea", "最近两家任职公司及时间"), ("cv", "resume", "简历"))


def mark_ready_made(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Mark fields of ready-made forms as personal, unless staff have changed that themselves."""
    alias = editor.connection.alias
    chosen = _chosen_by_staff(apps, alias)
    fields = apps.get_model("bindings", "OrderFormField").objects.using(alias).filter(sensitive=False)
    for key, kind, name in PERSONAL:
        for field in fields.filter(base_key=key, type=kind, name_zh=name):
            if (str(field.form_id), name) not in chosen:
                field.sensitive = True
                field.save(update_fields=["sensitive"])


def _chosen_by_staff(apps: StateApps, alias: str) -> set[tuple[str, str]]:
    """Return the form and the field's name for each edit of *Personal* in the audit."""
    entries = apps.get_model("desk", "AuditEntry").objects.using(alias)
    edits = entries.filter(target_type__app_label="bindings", target_type__model="orderform")
    return {
        (form, edit["changed"].get("object", ""))
        for form, details in edits.values_list("target_id", "details")
        for edit in details.get("changes") or ()
        if isinstance(edit, dict) and "Personal" in edit.get("changed", {}).get("fields", ())
    }


def _days(least: int, default: int, name: str) -> models.PositiveSmallIntegerField:
    validators = [django.core.validators.MaxValueValidator(250)]
    if least:
        validators.insert(0, django.core.validators.MinValueValidator(least))
    return models.PositiveSmallIntegerField(default=default, validators=validators, verbose_name=name)


def _counted(name: str) -> models.PositiveIntegerField:
    validators = [django.core.validators.MaxValueValidator(1_000_000)]
    return models.PositiveIntegerField(blank=True, null=True, validators=validators, verbose_name=name)


class Migration(migrations.Migration):
    changes_rows_of = ("bindings_orderformfield",)
    dependencies = [("bindings", "0017_codes_without_spaces"), ("desk", "0001_initial")]

    operations = [
        migrations.AlterField("checkpackage", "working_days", _days(1, 5, "promised working days")),
        migrations.AlterField("exampaper", "working_days", _days(1, 2, "promised working days")),
        migrations.AlterField("additionalitem", "extra_working_days", _days(0, 0, "additional working days")),
        migrations.AlterField("exampaper", "duration", _counted("minutes")),
        migrations.AlterField("exampaper", "question_count", _counted("questions")),
        migrations.AlterField(
            "matchingrule",
            "position",
            models.PositiveIntegerField(
                default=1,
                validators=[django.core.validators.MaxValueValidator(1_000_000)],
                verbose_name="position",
            ),
        ),
        migrations.RunPython(mark_ready_made, migrations.RunPython.noop),
    ]
