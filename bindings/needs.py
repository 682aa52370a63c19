"""What the vendor's half needs of the app at Feishu (contract 8.5)."""

from django.utils.translation import gettext_lazy as _

from bindings.models import BackgroundCheck, CheckPackage, Exam, ExamPaper
from hireops.doctor.permissions import Need

NEEDS = (
    Need(
        what=_("Background checks"),
        scopes=("hire:background_check_order", "hire:background_check_order:readonly"),
        events=(
            "hire.eco_account.created_v1",
            "hire.eco_background_check.created_v1",
            "hire.eco_background_check.canceled_v1",
        ),
        seldom=frozenset({"hire.eco_background_check.canceled_v1"}),
        is_used=lambda: CheckPackage.objects.exists() or BackgroundCheck.objects.exists(),
    ),
    Need(
        what=_("Written exams"),
        scopes=("hire:exam", "hire:exam:readonly"),
        events=("hire.eco_exam.created_v1",),
        is_used=lambda: ExamPaper.objects.exists() or Exam.objects.exists(),
    ),
)
