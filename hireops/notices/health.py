"""Whether staff can be told in Feishu: said once here, not by a refused call for each message."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.desk.health import Figure, Metric, Section
from hireops.feishu import errors
from hireops.feishu.errors import Outcome
from hireops.notices import standing
from hireops.notices.models import Recipient
from hireops.notices.standing import SEND

ALLOWED = Metric("feishu_messages_allowed", "1 if Feishu takes messages of the app's bot, 0 if it refuses.")
OUT_OF_RANGE = Metric("feishu_messages_out_of_range", "People whom the app's bot can't reach.")


def messages() -> Section:
    title = gettext_lazy("Messages in Feishu")
    if not settings.FEISHU_MESSAGES:
        return Section(title, [], _("They are off (FEISHU_MESSAGES)."))
    return Section(title, [_allowed(), _out_of_range()])


def _allowed() -> Figure:
    word, label = standing.newest_word(), gettext_lazy("The app's bot")
    if word is None:
        return Figure(ALLOWED, label, None, _("nothing was sent yet"))
    if word.code in (None, standing.NOT_IN_RANGE):
        return Figure(ALLOWED, label, 1, _("reaches people"))
    why = errors.explain(Outcome.REFUSED, word.code, word.message, SEND)
    if word.is_allowed:
        return Figure(ALLOWED, label, 1, _("refused the last message"), why, "warn")
    note = _("hireops tries one message an hour, and the rest follow when it arrives.")
    return Figure(ALLOWED, label, 0, _("may not send"), f"{why} {note}", "warn")


def _out_of_range() -> Figure:
    count = Recipient.objects.filter(out_of_range_since__isnull=False).count()
    note = _("They are outside the app's availability range; their pages under Users say since when.")
    return Figure(
        OUT_OF_RANGE,
        gettext_lazy("People out of reach"),
        count,
        str(count),
        note if count else "",
        "quiet" if count else "ok",
    )
