from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "hireops.notices"
    label = "notices"
    verbose_name = _("Messages in Feishu")

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from hireops.desk import health as desk_health
        from hireops.desk import help as help_pages
        from hireops.desk import sections
        from hireops.doctor import permissions
        from hireops.notices import alarms, calls, health, long_work, needs, page, sources

        _ = calls  # importing it registers what is sent
        permissions.declare(*needs.NEEDS)
        help_pages.register("messages", "notices_settings")
        sources.register(long_work.ENDED)
        sources.register(alarms.RED)
        desk_health.register(health.messages)
        sections.register(User, page.messages_of)
