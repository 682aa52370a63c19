from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DoctorConfig(AppConfig):
    name = "hireops.doctor"
    label = "doctor"
    verbose_name = _("Examinations")

    def ready(self) -> None:
        from hireops.doctor import findings, jobs
        from hireops.doctor.questions import database, feishu, machine

        _registers = jobs

        findings.register(*database.QUESTIONS, *machine.QUESTIONS, *feishu.QUESTIONS)
