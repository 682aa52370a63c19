from django.apps import AppConfig


class NextReleaseConfig(AppConfig):
    name = "tests.drills.next_release"
    label = "next_release"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db import models

        from hireops.guards import rules
        from hireops.inbox.models import Event

        models.CharField(max_length=20, null=True).contribute_to_class(Event, "remark")
        rules.declare(*rules.append_only("next_release_remark"))
