"""A company that works with hireops, by the doors of its staff and of Feishu's simulator."""

import io
import json
from datetime import date
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from tests.deliveries import deliver, envelope
from tests.simulator_process import Simulator
from tests.upgrade.people import Person, hidden_field, rows, run

BALANCE = "hire.referral_account.assets_update_v1"
HANDLE = "hireops.inbox.tasks.drain"
PASSWORD = "for-this-database-only"
HINT = "在控制台中查看"
ROLES = {"vera": "Vendor operator", "hira": "HR officer", "ada": "HR approver", "otto": "Administrator"}


class Company:
    def __init__(self, simulator: Simulator) -> None:
        self.feishu = simulator
        self.feishu.switch(delivery_paused=True, quota_enforced=False)
        self._delivered: set[str] = set()
        self._numbers = count(1)
        call_command(
            "createsuperuser", username="root", email="root@example.com", interactive=False, verbosity=0
        )
        self.root = Person("root")
        for name, role in ROLES.items():
            self._hire(name, role)
        self.vera, self.hira, self.ada = Person("vera"), Person("hira"), Person("ada")

    def _hire(self, name: str, role: str) -> None:
        # Older commits ask for the password; later ones make one, which the person has to replace.
        self.root.browser.post(
            "/admin/auth/user/add/", {"username": name, "password1": PASSWORD, "password2": PASSWORD}
        )
        (group,) = rows("auth.Group", name__contains=role)
        rights = {"is_active": "on", "is_staff": "on", "groups": [group.pk]}
        person = User.objects.get(username=name)
        self.root.submit(f"auth/user/{person.pk}/change/", username=name, **rights)
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])

    # --- What Feishu sends

    def deliver(self) -> None:
        """What the simulator has announced since the last time, and workers handle it."""
        for event in self.feishu.state("events")["events"]:
            if event["event_id"] not in self._delivered:
                self._delivered.add(event["event_id"])
                self.post(json.loads(event["body"]))
        run(HANDLE)

    def post(self, content: Any) -> None:
        assert deliver(Client(), content).status_code == 200

    def balance_event(self, account_id: str, points: int) -> dict[str, Any]:
        """As Feishu writes it at this moment."""
        bonus = {"confirmed_bonus": {"point_bonus": points, "cash_bonus": []}}
        modified = str(int(self.feishu.state("now")["now"] * 1000))
        return envelope(BALANCE, {"account_id": account_id, "assets": bonus, "modify_time": modified})

    def replay_what_failed(self, since: date, reason: str, event_type: str = "") -> None:
        asked = {"since": f"{since}T00:00", "event_type": event_type, "reason": reason}
        self.root.submit("inbox/event/replay-failed/", **asked)

    # --- The vendor's half

    def define_field(self, scope: int, key: str, name: str, position: int) -> None:
        texts = {"name_zh": name, "name_en": key, "description_zh": HINT}
        self.vera.submit("bindings/customfield/add/", scope=scope, key=key, position=position, **texts)

    def rename_field(self, key: str, name: str) -> None:
        field = rows("bindings.CustomField", key=key).get()
        texts = {"name_zh": name, "name_en": key, "description_zh": HINT}
        self.vera.submit(f"bindings/customfield/{field.pk}/change/", position=field.position, **texts)

    def push(self, scope: int) -> None:
        page = f"bindings/customfield/push/{scope}/"
        self.vera.submit(page, fingerprint=hidden_field(self.vera.page(page), "fingerprint"))

    # --- The half of HR

    def employ(self, name: str, mobile: str) -> None:
        employee = {"name": name, "mobile_number": mobile, "email": f"{mobile}@example.com"}
        self.feishu.add_employees(employee)

    def register(self, name: str, *, mobile: str = "", email: str = "") -> None:
        self.hira.submit("referrals/registration/add/", mobile=mobile, email=email, name=name)

    def account(self, name: str) -> Any:
        return rows("referrals.ReferralAccount", name=name).get()

    def refresh(self, name: str) -> None:
        self.hira.act("referrals.ReferralAccount", "refresh", self.account(name).pk)

    def withdrawal(self, name: str) -> Any:
        return rows("referrals.Withdrawal", account__name=name).get()

    def ask_for(self, *names: str, by: Person) -> None:
        accounts = [self.account(name).pk for name in names]
        boxes = {f"{kind}-{pk}": "on" for pk in accounts for kind in ("points", "cash")}
        asked = {"account": ",".join(map(str, accounts)), "reason": "November payout", "confirmed": "yes"}
        by.see("referrals/withdrawal/request/", **boxes, **asked)

    def decide(self, action: str, *names: str, by: Person) -> None:
        by.act("referrals.Withdrawal", action, *(self.withdrawal(name).pk for name in names))

    def hand_over(self, *names: str) -> None:
        chosen = [self.withdrawal(name).pk for name in names]
        note = {"note": "November", "confirmed": "yes"}
        self.hira.submit("referrals/payoutbatch/prepare/", withdrawal=chosen, **note)

    def record_paid(self, name: str, reference: str) -> None:
        """All payments of this employee were made."""
        for payment in rows("referrals.Payment", amount__withdrawal__account__name=name):
            self.hira.submit(f"referrals/payoutbatch/payments/{payment.pk}/paid/", reference=reference)

    def record_bounced(self, name: str, reason: str) -> None:
        """All payments of this employee came back, as a results file says."""
        payments = list(rows("referrals.Payment", amount__withdrawal__account__name=name))
        lines = ["payment_id,result,reference,reason"]
        lines += [f"{each.payment_id},bounced,,{reason}" for each in payments]
        file = io.BytesIO("\n".join(lines).encode())
        file.name = "results.csv"
        page = f"referrals/payoutbatch/{payments[0].batch_id}/results/"
        self.hira.submit(page, kept=hidden_field(self.hira.see(page, file=file), "kept"))

    def upload(self, name: str, content: bytes) -> int:
        file = io.BytesIO(content)
        file.name = name
        self.hira.submit("referrals/registrationimport/add/", file=file)
        return int(rows("referrals.RegistrationImport").last().pk)

    def import_of(self, name: str, people: int) -> int:
        """A file of people whom Feishu knows, all but the last one."""
        mobiles = [f"1390000{next(self._numbers):04}" for _ in range(people)]
        for mobile in mobiles[:-1]:
            self.employ(f"Employee {mobile}", mobile)
        lines = [f"{mobile},,Employee {mobile}" for mobile in mobiles]
        return self.upload(f"{name}.csv", "\n".join(["手机号,邮箱,姓名", *lines]).encode())

    def confirm(self, pk: int) -> None:
        self.hira.act("referrals.RegistrationImport", "confirm", pk)

    def reconcile(self, day: date) -> None:
        self.hira.submit("referrals/reconciliation/day/", day=str(day))
