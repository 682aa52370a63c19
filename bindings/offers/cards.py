"""What waits for staff among offers, on the home page."""

from django.utils.translation import gettext as _

from bindings.models import AccountOffer, ExamPaper
from bindings.offers import windows
from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader

State = AccountOffer.State
LIST = "bindings_accountoffer"
NAMED = 3


def accounts_out_of_date(reader: Reader) -> Card | None:
    """Accounts that do not offer at Feishu what they are to offer."""
    if not reader.has_perm("bindings.send_accountoffer"):
        return None
    count = counted(AccountOffer.objects.filter(state=State.OUT_OF_DATE))
    return Card(
        title=_("Accounts out of date"),
        value=count,
        note=_("Feishu has something else than they are to offer.")
        if count
        else _("Feishu has what they offer."),
        url=list_url(LIST, f"state__exact={State.OUT_OF_DATE}"),
        tone="warn" if count else "ok",
    )


def offers_to_look_at(reader: Reader) -> Card | None:
    """Accounts whose offer Feishu has refused, or has not answered; none, no card."""
    if not reader.has_perm("bindings.send_accountoffer"):
        return None
    refused = counted(AccountOffer.objects.filter(state=State.REFUSED))
    doubtful = counted(AccountOffer.objects.filter(state=State.IN_DOUBT))
    if not refused and not doubtful:
        return None
    return Card(
        title=_("Offers refused or in doubt"),
        value=refused + doubtful,
        note=_("%(refused)d refused, %(doubtful)d in doubt") % {"refused": refused, "doubtful": doubtful},
        url=list_url(LIST, f"state__in={State.REFUSED},{State.IN_DOUBT}"),
        tone="bad" if refused else "warn",
    )


def papers_passed(reader: Reader) -> Card | None:
    """Papers that are offered although nobody can take them any more; none, no card."""
    if not reader.has_perm("bindings.change_exampaper"):
        return None
    papers = windows.passed_and_offered(ExamPaper.objects.all())
    names = [paper.name for paper in papers.order_by("end_time")[: NAMED + 1]]
    if not names:
        return None
    return Card(
        title=_("Exam papers whose window has passed"),
        value=counted(papers),
        note=", ".join(names[:NAMED]) + ("…" if len(names) > NAMED else ""),
        url=list_url("bindings_exampaper", f"window={windows.OFFERED}"),
        tone="warn",
    )
