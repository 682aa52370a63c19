"""Runs: many accounts that somebody had brought up to date at once, and what became of each."""

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bindings.models import OfferRun, OfferRunAccount
from bindings.offers import texts
from hireops.desk.admin import MirrorAdmin
from hireops.desk.display import state_badge
from hireops.desk.waiting import Waiting
from hireops.jobs.display import newest_about, waiting_about

State = OfferRunAccount.State
SHOWN = 200
TO_DO = {
    State.IN_DOUBT: _("Feishu has not answered. Open the account and send it again: that does no harm."),
    State.SKIPPED: _(
        "It changed after the run was confirmed, so nothing was sent. Open the account, look, and send it."
    ),
}


@admin.register(OfferRun)
class OfferRunAdmin(MirrorAdmin):
    help_page = "offers#many"
    empty_list = _(
        "When many accounts are brought up to date at once, this list says how far it is. Nobody has "
        "asked for that yet."
    )
    change_form_template = "admin/bindings/offerrun/change_form.html"
    list_display = ["number", "asked_by", "asked_at", "finished_at", "creates", "updates", "deletes"]
    list_select_related = ["asked_by"]
    fields = ["asked_by", "asked_at", "finished_at", "creates", "updates", "deletes"]

    def page_context(self, request: HttpRequest, obj: OfferRun) -> dict[str, Any]:
        counted = _counted(obj)
        look = obj.accounts.exclude(state__in=[State.WAITING, State.UNDER_WAY, State.DONE])
        members = look.select_related("offer__account").order_by("pk")[:SHOWN]
        return {
            "progress": newest_about(obj),
            "counts": [(state_badge(state), counted[state]) for state in State if state in counted],
            "to_look_at": [
                {
                    "offer": member.offer,
                    "badge": state_badge(State(member.state)),
                    "what": TO_DO.get(State(member.state))
                    or texts.reason_text(member.offer.reason, member.offer.error_code),
                }
                for member in members
            ],
        }

    def waiting(self, request: HttpRequest, obj: OfferRun) -> Waiting | None:
        return waiting_about(obj, sorted(_counted(obj).items()))


def _counted(run: OfferRun) -> dict[str, int]:
    """How many of its accounts are in each state."""
    return dict(run.accounts.order_by().values_list("state").annotate(Count("pk")))
