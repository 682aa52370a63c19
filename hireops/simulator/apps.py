from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    """Lets Django find the templates and static files of this folder."""

    name = "hireops.simulator"
    label = "simulator"
