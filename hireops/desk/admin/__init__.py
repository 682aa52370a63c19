"""The base of every admin page here, and the pages of the desk itself: audit, users, roles."""

from hireops.desk.actions import staff_action
from hireops.desk.admin import audit, people
from hireops.desk.admin.base import MirrorAdmin, StaffAdmin
from hireops.desk.admin.confidential import ConfidentialAdmin
from hireops.desk.pages import staff_page

__all__ = ["ConfidentialAdmin", "MirrorAdmin", "StaffAdmin", "audit", "people", "staff_action", "staff_page"]
