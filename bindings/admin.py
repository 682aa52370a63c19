"""What staff see of the vendor's half. Registered in the order of the menu."""

from bindings.checks import admin as checks  # isort: skip
from bindings.exams import admin as exams  # isort: skip
from bindings.order_files import admin as order_files  # isort: skip
from bindings.customers import admin as customers  # isort: skip
from bindings.matching import admin as matching  # isort: skip
from bindings.accounts import admin as accounts  # isort: skip
from bindings.offers import admin as offers  # isort: skip
from bindings.order_forms import admin as order_forms  # isort: skip
from bindings.fields import admin as fields  # isort: skip
from bindings.reports import admin as reports  # isort: skip
from bindings.workdays import admin as workdays  # isort: skip

__all__ = [
    "accounts",
    "checks",
    "customers",
    "exams",
    "fields",
    "matching",
    "offers",
    "order_files",
    "order_forms",
    "reports",
    "workdays",
]
