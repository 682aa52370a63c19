"""What Feishu has shown this app of what its documents leave open."""

from django.conf import settings

from bindings.models import OfferReading
from bindings.offers.plan import Reading
from hireops.database import clock


def current() -> Reading:
    row = OfferReading.objects.filter(app_id=settings.FEISHU_APP_ID).first()
    return Reading(items_alone=row.items_alone if row else None)


def remember(reading: Reading) -> None:
    """For all accounts of the app."""
    values = {"items_alone": reading.items_alone, "since": clock.now()}
    OfferReading.objects.update_or_create(app_id=settings.FEISHU_APP_ID, defaults=values)
