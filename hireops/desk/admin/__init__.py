"""The base of every admin page here, and the desk's own pages: audit and restorations."""

from hireops.desk.actions import staff_action
from hireops.desk.admin import audit, restorations
from hireops.desk.admin.base import MirrorAdmin, StaffAdmin
from hireops.desk.admin.confidential import ConfidentialAdmin
from hireops.desk.pages import staff_page

__all__ = [
    "ConfidentialAdmin",
    "MirrorAdmin",
    "StaffAdmin",
    "audit",
    "restorations",
    "staff_action",
    "staff_page",
]
