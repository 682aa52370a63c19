"""Pages on which rights are given and taken: the audit says which, before and after."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from hireops.desk.admin.base import StaffAdmin
from hireops.desk.rights import RIGHTS


class RightsAdmin(StaffAdmin):
    edits_need_proof = True

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
