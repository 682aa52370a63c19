"""Three doors: the API that hireops calls, the page for people, the control API for tests."""

from django.urls import path, re_path
from django.views.i18n import set_language

from hireops.simulator.api.door import door
from hireops.simulator.api.long_connection import hand_out_address
from hireops.simulator.control.door import control, show_state
from hireops.simulator.pages import acts, consent, customer_acts, home

urlpatterns = [
    path("open-apis/authen/v1/authorize", consent.authorize, name="authorize"),
    re_path(r"^open-apis/", door),
    path("callback/ws/endpoint", hand_out_address),
    path("_control/state", show_state),
    path("_control/<path:name>", control),
    path("", home.home, name="home"),
    path("versions", home.versions, name="versions"),
    path("fragments/<slug:name>", home.fragment, name="fragment"),
    path("accounts", acts.add_account, name="add_account"),
    path("events/<str:event_id>/deliver", acts.deliver_now, name="deliver_now"),
    path("verify", acts.verify, name="verify"),
    path("faults", acts.add_fault, name="add_fault"),
    path("faults/clear", acts.clear_faults, name="clear_faults"),
    path("switches", acts.set_switches, name="set_switches"),
    path("employees", customer_acts.add_employee, name="add_employee"),
    path("employees/<str:employee_id>/range", customer_acts.change_range, name="change_range"),
    path("rewards", customer_acts.confirm_reward, name="confirm_reward"),
    path("orders", customer_acts.order, name="order"),
    path("checks/<str:background_check_id>/cancel", customer_acts.cancel_check, name="cancel_check"),
    path("checks/<str:background_check_id>/decide", customer_acts.decide_check, name="decide_check"),
    path("reports/fetch", customer_acts.fetch_report, name="fetch_report"),
    path("reset", acts.reset, name="reset"),
    path("exams/<str:exam_id>/finish", customer_acts.finish_marking, name="finish_marking"),
    path("tenants/<str:tenant_key>", customer_acts.change, name="change_tenant"),
    path("app_ticket", customer_acts.push_ticket, name="push_ticket"),
    path("language", set_language, name="set_language"),
]
