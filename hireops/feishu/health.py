"""Whether Feishu lets hireops in, as a figure."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.desk.display import moment
from hireops.desk.health import Figure, Metric, Section
from hireops.feishu import app_secret

SECRET_REFUSED = Metric("app_secret_refused", "1 while Feishu refuses App ID and Secret: nothing is sent.")


def access() -> Section:
    return Section(gettext_lazy("Access to Feishu"), [_app_secret()])


def _app_secret() -> Figure:
    since = app_secret.refused_since()
    note = _(
        "Nothing can be sent, and what is owed waits. Correct FEISHU_APP_ID, FEISHU_APP_SECRET or "
        "FEISHU_BASE_URL and restart hireops. If Feishu accepts them meanwhile, start an examination: that "
        "asks once more."
    )
    return Figure(
        SECRET_REFUSED,
        gettext_lazy("App ID and App Secret"),
        0 if since is None else 1,
        _("not refused") if since is None else _("refused by Feishu at %(time)s") % {"time": moment(since)},
        "" if since is None else note,
        "ok" if since is None else "bad",
    )
