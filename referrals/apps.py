from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals: accounts and payouts")

    def ready(self) -> None:
        from referrals import calls, events  # noqa: F401 - need the app registry
