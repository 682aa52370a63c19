"""Which accounts stand how, for lists, cards and long work."""

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce

from bindings.models import AccountOrderForm, OrderForm

Standing = AccountOrderForm.Standing
WISHED = Coalesce(F("form__digest"), Value(""))


Rows = QuerySet[AccountOrderForm]


def rows(among: Rows | None = None) -> Rows:
    return (AccountOrderForm.objects.all() if among is None else among).alias(wished=WISHED)


def out_of_date(form: OrderForm | None = None, *, among: Rows | None = None) -> Rows:
    """Accounts whose form at Feishu differs from the one defined here, and nothing else is the matter."""
    found = rows(among).filter(standing=Standing.SETTLED).exclude(digest=F("wished"))
    return found.filter(form=form) if form else found


def up_to_date(*, among: Rows | None = None) -> Rows:
    return rows(among).filter(standing=Standing.SETTLED, digest=F("wished"))


def to_be_looked_at() -> QuerySet[AccountOrderForm]:
    return AccountOrderForm.objects.filter(standing__in=[Standing.IN_DOUBT, Standing.REFUSED])
