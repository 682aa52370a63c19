"""Which of the people have signed in with Feishu, and what this app calls them there."""

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.db.models import QuerySet

from hireops.people.feishu.provider import FeishuProvider
from hireops.people.models import Staff


def open_id_of(person: User) -> str:
    """The newest one; "" for who has never signed in with Feishu."""
    accounts = SocialAccount.objects.filter(user=person.pk, provider=FeishuProvider.id).order_by("-pk")
    return accounts.values_list("uid", flat=True).first() or ""


def linked_staff() -> QuerySet[Staff]:
    """Who may use the desk and has a Feishu account; a payout right that is not in effect is none."""
    linked = SocialAccount.objects.filter(provider=FeishuProvider.id).values("user")
    return Staff.objects.filter(pk__in=linked, is_active=True, is_staff=True).order_by("pk")
