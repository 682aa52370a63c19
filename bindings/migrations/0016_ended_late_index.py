from django.db import migrations, models


class Migration(migrations.Migration):
    # What lists are narrowed by and searched for.
    dependencies = [("bindings", "0015_ended_late")]

    operations = [
        *(
            migrations.AddIndex(
                model_name=model,
                index=models.Index(
                    fields=["-id"], condition=models.Q(ended_late=True), name=f"{name}_ended_late"
                ),
            )
            for model, name in (("backgroundcheck", "check"), ("exam", "exam"))
        ),
        migrations.AddIndex(
            model_name="reportfile", index=models.Index(fields=["sha256"], name="report_by_digest")
        ),
        migrations.AddIndex(
            model_name="reportfile", index=models.Index(fields=["uploaded_at"], name="report_by_upload")
        ),
        migrations.AddIndex(
            model_name="reportlink", index=models.Index(fields=["created_at"], name="report_link_by_creation")
        ),
        migrations.AddIndex(
            model_name="reportlink", index=models.Index(fields=["expires_at"], name="report_link_by_end")
        ),
    ]
