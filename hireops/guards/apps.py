from django.apps import AppConfig


class GuardsConfig(AppConfig):
    """Its ``migrate``, ``dumpdata`` and ``loaddata`` stand before Django's."""

    name = "hireops.guards"
    label = "guards"
