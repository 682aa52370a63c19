from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from hireops.desk import restoring
from hireops.desk.errors import Refused
from hireops.desk.models import Restoration
from hireops.desk.restoring import Part


class Command(BaseCommand):
    help = (
        "Says that this database was restored from a backup: from then on nothing is sent or paid out. Run "
        "once more it tells what is left to be looked at; with --ask it has Feishu asked for what has to be "
        "known of one part, and with --release it releases one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="", help="why it was restored, or what was looked at")
        parser.add_argument("--by", default="", help="user name of the person; needed to ask and to release")
        parser.add_argument("--again", action="store_true", help="another backup was restored meanwhile")
        parser.add_argument("--release", metavar="PART", choices=[each.key for each in restoring.parts()])
        asking = [each.key for each in restoring.parts() if each.ask]
        parser.add_argument("--ask", metavar="PART", choices=asking, help=", ".join(asking))
        parser.add_argument("--number", type=int, help="what the part asks for")
        parser.add_argument("--status", action="store_true", help="only tell; status 1 while it stands")

        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES])

    def handle(self, *args: Any, **options: Any) -> None:
        with override(options["language"] or get_language()):
            self._do(options)

    def _do(self, options: dict[str, Any]) -> None:
        by = _person(options["by"])
        standing = restoring.standing()
        if options["ask"] and standing:
            self._ask(_part(options["ask"]), by)
        elif options["release"]:
            standing = self._release(_part(options["release"]), options, by)
        elif not (options["status"] or options["ask"]) and (standing is None or options["again"]):
            standing = restoring.begin(by=by, reason=options["reason"])
        self._tell(standing)
        if options["status"] and standing:
            raise SystemExit(1)

    def _ask(self, part: Part, by: User | None) -> None:
        by = _who_may_release(by)
        if part.ask:
            told = _("Questions that go to Feishu: %(count)s. A worker has to run.")
            self.stdout.write(told % {"count": part.ask(by)})

    def _release(self, part: Part, options: dict[str, Any], by: User | None) -> Restoration | None:
        by = _who_may_release(by)
        try:
            restoring.release(part, by=by, reason=options["reason"], number=options["number"])
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(_("Released: %(part)s") % {"part": part.title})
        return restoring.standing()

    def _tell(self, standing: Restoration | None) -> None:
        if standing is None:
            self.stdout.write(_("Nothing is held back."))
            return
        backup = f"{standing.backup_at:%Y-%m-%d %H:%M:%S %Z}" if standing.backup_at else _("unknown")
        told = _("Restored; nothing is sent or paid out. The newest time in the backup: %(backup)s")
        self.stdout.write(told % {"backup": backup})
        for part in restoring.left(standing):
            self.stdout.write(f"\n{part.key}: {part.title}\n  {part.to_do}")
            for line in part.found(standing):
                self.stdout.write(f"  {line.label}: {line.shown}")
            if why := part.why_not(standing):
                self.stdout.write("  " + _("Not yet: %(why)s") % {"why": why})
            number = f" --number NUMBER  ({part.number})" if part.number else ""
            if part.ask:
                self.stdout.write(f"  manage.py restored --ask {part.key} --by USER")
            self.stdout.write(f"  manage.py restored --release {part.key} --by USER --reason TEXT{number}")


def _person(name: str) -> User | None:
    if not name:
        return None
    try:
        return User.objects.get(username=name, is_active=True)
    except User.DoesNotExist:
        raise CommandError(_("There is no active user %(name)s.") % {"name": name}) from None


def _who_may_release(by: User | None) -> User:
    if by is None:
        raise CommandError(_("Say who does it: --by USER."))
    if not by.has_perm(restoring.PERMISSION):
        raise CommandError(_("%(user)s may not release a restored database.") % {"user": by.get_username()})
    return by


def _part(key: str) -> Part:
    return next(each for each in restoring.parts() if each.key == key)
