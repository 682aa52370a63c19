"""The table of contract 8.3 and 8.6."""

from hireops.feishu.endpoints import ENDPOINTS, Limit


def test_the_limits_are_the_documented_ones():
    by_limits: dict[tuple[Limit, ...], set[str]] = {}
    for endpoint in ENDPOINTS.values():
        by_limits.setdefault(endpoint.limits, set()).add(endpoint.name)
    assert by_limits.pop((Limit(100, 60),)) == {
        "referral_account.create",
        "referral_account.deactivate",
        "referral_account.withdraw",
        "referral_account.reconciliation",
    }
    assert by_limits.pop((Limit(10, 1),)) == {
        "referral_account.get_account_assets",
        "referral_account.enable",
        "background_check_order.batch_query",
    }
    assert by_limits.pop(()) == {"event.outbound_ip.list", "scope.list", "application.get"}
    ecosystem = by_limits.pop((Limit(50, 1), Limit(1000, 60)))
    assert by_limits == {}
    assert len(ecosystem) == 19
    others = {"background_check_order.list", "message.create"}
    assert {name for name in ecosystem if not name.startswith("eco_")} == others


def test_what_must_not_be_sent_twice_is_said():
    assert {endpoint.name for endpoint in ENDPOINTS.values() if not endpoint.safe_to_repeat} == {
        "eco_background_check_package.create",
        "eco_background_check.update_progress",
        "eco_background_check.update_result",
        "eco_background_check.cancel",
    }


def test_no_two_endpoints_are_the_same_request():
    assert len({(endpoint.method, endpoint.path) for endpoint in ENDPOINTS.values()}) == len(ENDPOINTS) == 29
