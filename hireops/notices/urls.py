"""Pages of the own account; only where messages are on (``FEISHU_MESSAGES``)."""

from django.conf import settings
from django.urls import path

from hireops.notices import views
from hireops.people.urls import in_the_desk

urlpatterns = (
    [
        path("", in_the_desk(views.settings_page), name="notices_settings"),
        path("test/", in_the_desk(views.send_test), name="notices_test"),
    ]
    if settings.FEISHU_MESSAGES
    else []
)
