from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeishuConfig(AppConfig):
    name = "hireops.feishu"
    label = "feishu"
    verbose_name = _("Feishu")

    def ready(self) -> None:
        from hireops.desk import health as desk_health
        from hireops.feishu import health

        desk_health.register(health.access, urgent=True)
