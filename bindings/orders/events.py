"""What customers order and call off (contract 4.10, 4.11 and 5.6): kept, and nothing is done with it yet.

They are about candidates of the vendor's customers, so they belong to who looks after these.
"""

from django.utils.translation import gettext_lazy as _

from hireops.feishu.hire.events import EcoBackgroundCheckCanceled, EcoBackgroundCheckCreated, EcoExamCreated
from hireops.inbox.registry import EventType, register

PERMISSION = "bindings.view_ecoaccount"

register(
    EventType(
        name="hire.eco_background_check.created_v1",
        label=_("Background check ordered"),
        read=EcoBackgroundCheckCreated.of,
        permission=PERMISSION,
    )
)
register(
    EventType(
        name="hire.eco_background_check.canceled_v1",
        label=_("Background check called off"),
        read=EcoBackgroundCheckCanceled.of,
        permission=PERMISSION,
    )
)
register(
    EventType(
        name="hire.eco_exam.created_v1",
        label=_("Exam arranged"),
        read=EcoExamCreated.of,
        permission=PERMISSION,
    )
)
