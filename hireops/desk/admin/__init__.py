"""The base of every admin page here, and the desk's own page: audit."""

from hireops.desk.actions import staff_action
from hireops.desk.admin import audit
from hireops.desk.admin.base import MirrorAdmin, StaffAdmin
from hireops.desk.admin.confidential import ConfidentialAdmin
from hireops.desk.pages import staff_page

__all__ = ["ConfidentialAdmin", "MirrorAdmin", "StaffAdmin", "audit", "staff_action", "staff_page"]
