from django.apps import AppConfig


class HireopsConfig(AppConfig):
    name = "hireops"

    def ready(self) -> None:
        from hireops import demo

        demo.watch_connections()
