"""Pages on which rights are given and taken: in words, and in the audit, before and after."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from hireops.desk import rights
from hireops.desk.admin.base import StaffAdmin
from hireops.desk.rights import RIGHTS


def table_in_words(permissions: Iterable[Permission]) -> SafeString:
    """What these let people do, by noun."""
    return render_to_string("admin/auth/rights_table.html", {"nouns": rights.by_noun(permissions)})


class _OurTemplate:
    """Django looks for the templates of widgets among its own only."""

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        return render_to_string(template_name, context)


class RightsChoice(_OurTemplate, forms.CheckboxSelectMultiple):
    """The same table with a box before each right; of choices in groups ``((app, noun), [...])``."""

    template_name = "admin/auth/rights_choice.html"


class RoleChoice(_OurTemplate, forms.CheckboxSelectMultiple):
    """Roles with a box each, and beside it what the role may do."""

    template_name = "admin/auth/role_choice.html"

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        return {**option, "nouns": rights.by_noun(value.instance.permissions.all())}


class RightsAdmin(StaffAdmin):
    edits_need_proof = True

    class Media:
        css = {"all": ["people/people.css"]}

    def rights_of(self, obj: Any) -> list[str]:
        """As ``hireops.desk.rights`` puts them into words."""
        raise NotImplementedError

    def remember_rights(self, request: HttpRequest, before: list[str]) -> None:
        """Those of the object that is about to be saved."""
        request.rights_before = before  # type: ignore[attr-defined]

    def audit_details(self, request: HttpRequest, action: str, obj: Model) -> dict[str, Any]:
        has = self.rights_of(obj)
        before = has if action == "deleted" else getattr(request, "rights_before", has)
        after = [] if action == "deleted" else has
        return {} if before == after else {RIGHTS: {"before": before, "after": after}}

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """Without the rows that only tie a person to a role, which nobody has a word for."""
        named, counted, needed, protected = super().get_deleted_objects(objs, request)
        options = [model._meta for model in apps.get_models(include_auto_created=True)]  # noqa: SLF001  public API
        ties = [each for each in options if each.auto_created]
        beginnings = tuple(f"{capfirst(tie.verbose_name)}: " for tie in ties)
        plurals = {str(tie.verbose_name_plural) for tie in ties}
        others = {name: count for name, count in counted.items() if str(name) not in plurals}
        return _without(named, beginnings), others, needed, protected


def _without(named: list[Any], beginnings: tuple[str, ...]) -> list[Any]:
    """Names, and lists of what hangs on the name before."""
    kept = [_without(each, beginnings) if isinstance(each, list) else each for each in named]
    return [each for each in kept if each and not str(each).startswith(beginnings)]
