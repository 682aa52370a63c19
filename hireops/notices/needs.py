"""What messages in Feishu need of the app."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hireops.doctor.permissions import Need

NEEDS = (
    Need(
        what=_("Messages in Feishu"),
        scopes=("im:message:send_as_bot",),
        is_used=lambda: settings.FEISHU_MESSAGES,
    ),
)
