from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeishuConfig(AppConfig):
    name = "hireops.feishu"
    label = "feishu"
    verbose_name = _("Feishu")
