"""What signing in with Feishu needs of the app."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hireops.doctor.permissions import Need

NEEDS = (
    Need(
        what=_("Invitations by mobile or mail"),
        scopes=("contact:user.phone:readonly", "contact:user.email:readonly"),
        is_used=lambda: settings.FEISHU_SIGN_IN and settings.FEISHU_SIGN_IN_CONTACTS,
    ),
)
