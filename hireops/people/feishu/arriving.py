"""Who comes from Feishu for the first time: a person without a role, unless invited."""

import re
import unicodedata

from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from hireops.contacts import INVISIBLE
from hireops.desk import audit
from hireops.feishu.authen import FeishuUser
from hireops.people import credentials
from hireops.people.invitations import services as invitations
from hireops.people.models import CredentialChange

LONGEST_USERNAME = 140
NOT_IN_A_USERNAME = re.compile(r"[^\w.-]+")


def link_invited_person(request: HttpRequest, login: SocialLogin) -> None:
    """Gives the Feishu account to the person whom an open invitation names, if there is one.

    Nobody is recognised by an email that happens to be the same.
    """
    who: FeishuUser = login.feishu_user
    with transaction.atomic():
        for invitation in invitations.open_to(mobile=who.mobile, emails=who.emails):
            person = invitation.person
            if person is None or not invitations.use(invitation, by=person):
                continue
            login.connect(request, person)
            credentials.keep(person, CredentialChange.Kind.FEISHU_ACCOUNT, by=invitation.invited_by)
            _tell(person, gettext_noop("Feishu account linked by invitation"), who, invitation.invited_by)
            return


def make_person(request: HttpRequest, login: SocialLogin) -> User:
    """The new person, who may enter the desk, with the roles that open invitations give.

    Raises ``IntegrityError`` if somebody else is made of the same Feishu account at this moment.
    """
    who: FeishuUser = login.feishu_user
    with transaction.atomic():
        person: User = login.user
        person.username = free_username(who.name)
        person.last_name, person.email, person.is_staff = who.name, "", True
        person.set_unusable_password()
        login.save(request)
        _tell(person, gettext_noop("first sign-in with Feishu"), who)
        for invitation in invitations.open_to(mobile=who.mobile, emails=who.emails):
            if invitation.person is None:
                invitations.use(invitation, by=person)
    return person


def free_username(name: str) -> str:
    """The name as Feishu has it, as far as it can be a user name; with a number if it is taken.

    Taken in any spelling: ``Ada`` must not be mistaken for ``ada``, whose approvals are in the audit.
    """
    shown = INVISIBLE.sub("", unicodedata.normalize("NFKC", name))
    base = NOT_IN_A_USERNAME.sub(".", shown).strip(".")[:LONGEST_USERNAME] or "feishu"
    taken = {each.casefold() for each in _beginning_with(base)}
    candidate, number = base, 2
    while candidate.casefold() in taken:
        candidate, number = f"{base}-{number}", number + 1
    return candidate


def _beginning_with(base: str) -> list[str]:
    return list(User.objects.filter(username__istartswith=base).values_list("username", flat=True))


def _tell(person: User, action: str, who: FeishuUser, invited_by: User | None = None) -> None:
    details = {"open_id": who.open_id, **({"invited_by": invited_by.get_username()} if invited_by else {})}
    audit.record(by=person, action=action, on=person, **details)
