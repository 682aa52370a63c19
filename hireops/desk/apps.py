from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "hireops.desk"
    label = "desk"
    verbose_name = _("Audit")

    def ready(self) -> None:
        from django.contrib.auth.models import Group, User

        from hireops.desk import cards, guards, health, health_sections, invariants
        from hireops.desk import help as help_pages
        from hireops.desk.roles import role_name
        from hireops.desk.staff import name_and_login, person_name
        from hireops.guards import rules
        from hireops.guards.invariants import guards_stand_as_declared

        User.add_to_class("__str__", person_name)  # wherever a page names a person
        Group.add_to_class("__str__", role_name)
        User.add_to_class("name_and_login", property(name_and_login))  # where it has to be that one
        rules.declare(*guards.RULES)
        invariants.register(guards_stand_as_declared)
        help_pages.register("home", "admin:index")
        help_pages.register("home#search", "admin:find")
        help_pages.register("health", "admin:health")
        cards.register(health_sections.card)
        health.register(health_sections.processes, urgent=True)
        health.register(health_sections.promises, urgent=True)
        health.register(health_sections.guards, urgent=True)
        health.register(health_sections.commits, urgent=True)
        health.register(health_sections.restoration, urgent=True)


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin, with our site in the place of its default one."""

    default = False
    default_site = "hireops.desk.site.Desk"
