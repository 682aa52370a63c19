"""The employees that this Feishu knows, found by contact and by referral account."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from hireops.simulator.records import Employee, ReferralStatus


class Staff:
    """Callers hold the world's lock."""

    def __init__(self, employees: Iterable[Employee] = ()) -> None:
        self._employees: dict[str, Employee] = {}
        self._by_account: dict[str, Employee] = {}
        self._by_contact: dict[tuple[str, str], list[Employee]] = defaultdict(list)
        for employee in employees:
            self.add(employee)

    def __iter__(self) -> Iterator[Employee]:
        return iter(self._employees.values())

    def __len__(self) -> int:
        return len(self._employees)

    def get(self, employee_id: str) -> Employee | None:
        return self._employees.get(employee_id)

    def newest(self, number: int) -> list[Employee]:
        return list(islice(reversed(self._employees.values()), number))

    def add(self, employee: Employee) -> None:
        if employee.employee_id in self._employees:
            raise ValueError("There is an employee with this id.")
        self._employees[employee.employee_id] = employee
        for contact in {employee.mobile_number, employee.email.casefold()} - {""}:
            self._by_contact[employee.tenant_key, contact].append(employee)
        if employee.account_id:
            self._by_account[employee.account_id] = employee

    def open_account(self, employee: Employee, account_id: str) -> None:
        """Gives the employee an enabled account, unless there is one."""
        if not employee.account_id:
            employee.account_id, employee.status = account_id, ReferralStatus.ENABLED
            self._by_account[account_id] = employee

    def matching(self, tenant_key: str, *, code: str, number: str, email: str) -> list[Employee]:
        """Everybody of the tenant with this mobile or this email; without a ``code``, of any country."""
        by_mobile = (each for each in self._with(tenant_key, number) if not code or each.mobile_code == code)
        found = chain(by_mobile, self._with(tenant_key, email.casefold()))
        return list({each.employee_id: each for each in found}.values())

    def with_account(self, tenant_key: str, account_id: str) -> Employee | None:
        employee = self._by_account.get(account_id)
        return employee if employee and employee.tenant_key == tenant_key else None

    def named(self, words: str) -> list[Employee]:
        """Whoever has this id, account, mobile, email or name, in any tenant: for people and tests."""
        exact = self._employees.get(words) or self._by_account.get(words)
        if exact:
            return [exact]
        return [
            each
            for each in self
            if words.casefold() in {each.mobile_number, each.email.casefold(), each.name}
        ]

    def _with(self, tenant_key: str, contact: str) -> list[Employee]:
        return self._by_contact.get((tenant_key, contact), []) if contact else []
