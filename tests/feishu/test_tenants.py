import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hireops.feishu.models import Tenant
from hireops.feishu.tenants import call_tenant
from tests.outbox.test_concurrency import in_threads

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return Tenant.objects.known(app_id="cli_a", tenant_key="2ca1d211f64f6438")


def test_a_tenant_becomes_known_once(tenant):
    assert Tenant.objects.known(app_id="cli_a", tenant_key="2ca1d211f64f6438") == tenant
    assert Tenant.objects.known(app_id="cli_b", tenant_key="2ca1d211f64f6438") != tenant
    assert Tenant.objects.count() == 2
    assert tenant.state == Tenant.State.ACTIVE


def test_a_custom_app_works_for_its_tenant_before_an_event_names_its_key(settings):
    own = Tenant.objects.own()
    assert own.tenant_key == ""
    assert Tenant.objects.own() == own
    named = Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key="2ca1d211f64f6438")
    assert (named, named.tenant_key) == (own, "2ca1d211f64f6438")
    assert Tenant.objects.own() == named
    assert Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key="another") != own


def test_what_names_no_tenant_is_of_the_only_one_of_a_custom_app(settings):
    named = Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key="2ca1d211f64f6438")
    assert Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key="") == named
    assert Tenant.objects.known(app_id="cli_b", tenant_key="") != named


def test_what_names_no_tenant_is_nobodys_of_a_store_app(settings):
    settings.FEISHU_APP_TYPE = "store"
    Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key="2ca1d211f64f6438")
    with pytest.raises(ValueError, match="none was named"):
        Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key="")
    assert Tenant.objects.count() == 1


def test_who_works_for_the_own_company_waits_for_nobody_once_it_is_known(django_assert_num_queries):
    Tenant.objects.own()
    with django_assert_num_queries(1):  # no lock that is held to the end of the transaction
        Tenant.objects.own()


@pytest.mark.django_db(transaction=True)
def test_workers_that_need_the_own_company_at_the_same_time_make_it_once():
    in_threads(4, lambda number: Tenant.objects.own())
    assert Tenant.objects.count() == 1


def test_only_our_own_tenants_that_have_the_app_are_active(settings):
    ours = [
        Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key=key) for key in ("a", "b", "c", "d")
    ]
    Tenant.objects.known(app_id="cli_another", tenant_key="e")
    Tenant.objects.filter(tenant_key="b").update(state=Tenant.State.SUSPENDED)
    Tenant.objects.filter(tenant_key="c").update(state=Tenant.State.GONE)

    assert list(Tenant.objects.active()) == [ours[0], ours[3]]


def test_a_store_app_works_for_its_active_tenants_and_names_them_in_calls(settings):
    settings.FEISHU_APP_TYPE = "store"
    assert not Tenant.objects.served()
    ours = [Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key=key) for key in ("a", "b")]

    assert list(Tenant.objects.served()) == ours
    assert call_tenant(ours[1]) == ours[1]


def test_a_custom_app_works_for_its_only_tenant_and_names_none_in_calls():
    (tenant,) = Tenant.objects.served()

    assert tenant == Tenant.objects.own()
    assert call_tenant(tenant) is None


@pytest.mark.parametrize("person", ["vera", "hira", "ada", "otto", "audrey"])
def test_every_role_sees_the_tenants(person, request, client_of, tenant):
    client = client_of(request.getfixturevalue(person))
    page = client.get(reverse("admin:feishu_tenant_changelist"))
    assert page.status_code == 200
    assert "2ca1d211f64f6438" in page.content.decode()
    assert client.get(reverse("admin:feishu_tenant_change", args=[tenant.pk])).status_code == 200


def test_who_has_no_role_sees_none(eve, client_of):
    assert client_of(eve).get(reverse("admin:feishu_tenant_changelist")).status_code == 403


def test_nobody_edits_a_tenant(client_of, tenant):
    client = client_of(User.objects.create_superuser("root"))
    for page in ["change", "delete"]:
        url = reverse(f"admin:feishu_tenant_{page}", args=[tenant.pk])
        assert client.post(url, {"name": "x", "post": "yes"}).status_code == 403
    assert client.post(reverse("admin:feishu_tenant_add"), {"tenant_key": "x"}).status_code == 403
    assert list(Tenant.objects.values_list("tenant_key", "name")) == [("2ca1d211f64f6438", "")]
