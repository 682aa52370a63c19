"""Where on the page somebody is, as it stands in addresses and hidden inputs."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hireops.simulator.state import SCOPES

VIEWS = {"accounts": _("Accounts"), "referrals": _("Referrals"), "orders": _("Checks and exams")}


@dataclass(frozen=True, slots=True)
class Place:
    """``view`` is one of ``VIEWS``; ``scope`` the kind of account there, ``account`` the one to order for,
    ``employee`` the one to reward.
    """

    view: str = "accounts"
    scope: int = SCOPES[0]
    account: str = ""
    employee: str = ""

    @classmethod
    def of(cls, data: QueryDict) -> "Place":
        """The place that the data names; what makes no sense is the beginning."""
        view, scope = data.get("view", ""), data.get("scope", "")
        return cls(
            view if view in VIEWS else "accounts",
            int(scope) if scope in {str(each) for each in SCOPES} else SCOPES[0],
            data.get("account", ""),
            data.get("employee", ""),
        )

    @property
    def query(self) -> str:
        named = {"view": self.view, "scope": self.scope, "account": self.account, "employee": self.employee}
        return urlencode({name: value for name, value in named.items() if value})

    def back(self, anchor: str = "") -> HttpResponse:
        return redirect(f"{reverse('home')}?{self.query}{anchor}")
