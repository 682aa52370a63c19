"""What staff see of the bindings. Registered in the order of the menu."""

from bindings.accounts import admin as accounts
from bindings.checks import admin as checks
from bindings.customers import admin as customers
from bindings.exams import admin as exams
from bindings.fields import admin as fields
from bindings.matching import admin as matching
from bindings.offers import admin as offers
from bindings.order_files import admin as order_files
from bindings.order_forms import admin as order_forms
from bindings.reports import admin as reports
from bindings.workdays import admin as workdays

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
