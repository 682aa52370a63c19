from django.db import models


class Event(models.Model):
    event_id = models.CharField(max_length=64, unique=True)
    event_type = models.CharField(max_length=100)
    tenant_key = models.CharField(max_length=64)
    app_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    payload = models.JSONField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    objects: models.Manager["Event"] = models.Manager()

    def __str__(self) -> str:
        return self.event_id
