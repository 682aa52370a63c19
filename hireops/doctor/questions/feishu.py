"""Feishu: whether it knows the app, what the app may do there, and whether both clocks agree."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hireops.doctor.findings import Found, Level, Question, Verdict
from hireops.doctor.permissions import needs
from hireops.feishu import app_secret, application, tokens
from hireops.feishu.errors import FeishuError, Outcome
from hireops.feishu.models import Tenant

# Deliveries older than this by our clock are refused as replayed, and Feishu's quotas count by its own.
CLOCKS_MAY_DIFFER_S = 30
TENANTS_ASKED = 5
NO_PERMISSION = 99991672


def _credentials() -> Iterator[Found]:
    try:
        tokens.prove_credentials()
    except FeishuError as error:
        yield Found(_why_not(error), {"app": settings.FEISHU_APP_ID, "error": str(error)})
    else:
        yield Found("ok", {"app": settings.FEISHU_APP_ID})


def _why_not(error: FeishuError) -> str:
    if error.outcome is Outcome.REFUSED:
        return "refused"
    return "away" if error.http_status is None else "disturbed"


def _clock() -> Iterator[Found]:
    """Feishu says the time to the second, so a difference of one second is none."""
    if app_secret.refusal():  # it has just been asked with this one
        yield Found("unknown")
        return
    asked = datetime.now(UTC)
    feishu_at = tokens.prove_credentials()
    if feishu_at is None:
        yield Found("unknown")
        return
    differ = round(abs((feishu_at - asked).total_seconds()))
    yield Found("ok" if differ <= CLOCKS_MAY_DIFFER_S else "differ", {"seconds": differ})


def _tenants() -> list[Tenant]:
    return list(Tenant.objects.served()[:TENANTS_ASKED])


def _scopes() -> Iterator[Found]:
    tenants = _tenants()
    if not tenants:
        yield Found("nobody")
    for tenant in tenants:
        granted = application.granted_scopes(tenant.tenant_key)
        for need in needs():
            missing = [scope for scope in need.scopes if not granted.get(scope)]
            facts = {"what": need.what, "scopes": ", ".join(missing), "customer": str(tenant)}
            if missing:
                yield Found("missing" if need.is_used() else "not granted", facts)
            else:
                yield Found("ok", facts)


def _version() -> Iterator[Found]:
    tenants = _tenants()
    if not tenants:
        yield Found("nobody")
        return
    try:
        waits = application.has_unpublished_version(tenants[0].tenant_key)
    except FeishuError as error:
        yield Found("not allowed" if error.code == NO_PERMISSION else "not told", {"error": str(error)})
    else:
        yield Found("waits" if waits else "ok")


def _encryption() -> Iterator[Found]:
    if settings.FEISHU_EVENTS == "long_connection":
        yield Found("long connection")
    elif settings.FEISHU_ENCRYPT_KEY_PREVIOUS or settings.FEISHU_VERIFICATION_TOKEN_PREVIOUS:
        yield Found("two keys")
    else:
        yield Found("ok" if settings.FEISHU_ENCRYPT_KEY else "off")


NOBODY_YET = Verdict(
    Level.NOTICE,
    _("No customer has installed the app yet, so nobody can be asked."),
    _("Ask again when the first customer has added it."),
)

QUESTIONS = (
    Question(
        id="feishu.credentials",
        title=_("App ID and App Secret"),
        ask=_credentials,
        verdicts={
            "ok": Verdict(Level.OK, _("Feishu accepts them (%(app)s).")),
            "refused": Verdict(
                Level.ERROR,
                _("Feishu refuses them (%(app)s): %(error)s"),
                _(
                    "Copy both from the developer console, Credentials & basic info, into the settings "
                    "(.env, or /etc/hireops/env of the systemd units) and restart."
                ),
            ),
            "disturbed": Verdict(
                Level.ERROR,
                _("Feishu answered, but with nothing that can be understood: %(error)s"),
                _(
                    "Ask again in some minutes. If it goes on, see whether a proxy answers in the place of "
                    "FEISHU_BASE_URL, or whether Feishu is disturbed."
                ),
            ),
            "away": Verdict(
                Level.ERROR,
                _("Feishu could not be asked: %(error)s"),
                _("Let this host reach FEISHU_BASE_URL (firewall, proxy, name service)."),
            ),
        },
    ),
    Question(
        id="feishu.clock",
        title=_("Clocks of this host and of Feishu"),
        ask=_clock,
        verdicts={
            "ok": Verdict(Level.OK, _("They agree.")),
            "unknown": Verdict(Level.NOTICE, _("Feishu did not say the time.")),
            "differ": Verdict(
                Level.WARNING,
                _("They differ by %(seconds)s s."),
                _("Have this host keep its time by NTP (timedatectl set-ntp true)."),
            ),
        },
    ),
    Question(
        id="feishu.permissions",
        title=_("Permissions of the app"),
        ask=_scopes,
        verdicts={
            "ok": Verdict(Level.OK, _("%(what)s: all granted (%(customer)s).")),
            "not granted": Verdict(
                Level.NOTICE,
                _("%(what)s: not granted (%(scopes)s, %(customer)s). Nobody works with it so far."),
                _("Nothing, unless you want to use it."),
            ),
            "missing": Verdict(
                Level.ERROR,
                _("%(what)s: not granted are %(scopes)s (%(customer)s)."),
                _("Add them in the developer console, Permissions & scopes, and publish a version."),
            ),
            "nobody": NOBODY_YET,
        },
    ),
    Question(
        id="feishu.version",
        title=_("Version of the app"),
        ask=_version,
        verdicts={
            "ok": Verdict(Level.OK, _("No version waits for its review.")),
            "waits": Verdict(
                Level.WARNING,
                _("A version waits for its review: permissions and events in it do not count yet."),
                _("Have an administrator of the company approve it in the Feishu admin console."),
            ),
            "not told": Verdict(
                Level.NOTICE,
                _("Feishu did not tell: %(error)s"),
                _("Look in the developer console, Version management."),
            ),
            "not allowed": Verdict(
                Level.NOTICE,
                _("The app may not read its own settings, so this can't be told."),
                _(
                    "Look in the developer console, Version management; or grant "
                    "application:application:self_manage."
                ),
            ),
            "nobody": NOBODY_YET,
        },
    ),
    Question(
        id="feishu.encryption",
        title=_("Encryption of events"),
        ask=_encryption,
        verdicts={
            "ok": Verdict(Level.OK, _("Events are signed and encrypted.")),
            "long connection": Verdict(Level.OK, _("Events come over a connection that hireops opened.")),
            "two keys": Verdict(
                Level.NOTICE,
                _("Keys of before are accepted as well."),
                _(
                    "When the console has the new ones, empty FEISHU_ENCRYPT_KEY_PREVIOUS and "
                    "FEISHU_VERIFICATION_TOKEN_PREVIOUS."
                ),
            ),
            "off": Verdict(
                Level.WARNING,
                _("Events are neither signed nor encrypted: who knows the verification token can send some."),
                _(
                    "Set an Encrypt Key in the developer console, Events & callbacks, and the same in "
                    "FEISHU_ENCRYPT_KEY."
                ),
            ),
        },
    ),
)
