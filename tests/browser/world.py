"""hireops as it runs, web, worker, beat and Feishu's simulator, with staff who may sign in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.databases import Database
from tests.processes import Hireops
from tests.simulator_process import Simulator, running_simulator
from tests.started import settings_of

PASSWORD = "as-long-as-a-phrase-should-be-8"
FEISHUS = ("FEISHU_APP_ID", "FEISHU_APP_SECRET", "FEISHU_ENCRYPT_KEY", "FEISHU_VERIFICATION_TOKEN")
# Login to name and role; nobody has a role twice.
STAFF = {
    "vera": ("王薇", "vendor_operator"),
    "hira": ("李华", "hr_officer"),
    "ada": ("陈安", "hr_approver"),
    "otto": ("赵拓", "administrator"),
    "admin": ("", ""),
}
HIRE = """
import json, sys
from django.contrib.auth.models import Group, User
from hireops.desk.roles import ROLES
for login, (name, role) in json.load(sys.stdin).items():
    if User.objects.filter(username=login).exists():
        continue
    if not role:
        User.objects.create_superuser(login, password={password!r})
        continue
    person = User.objects.create_user(login, password={password!r}, last_name=name, is_staff=True)
    person.groups.add(Group.objects.get(name=ROLES[role]))
"""


@dataclass
class World:
    """``url`` is hireops' address; ``feishu`` the simulator."""

    url: str
    hireops: Hireops
    feishu: Simulator

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(self.url).netloc, urlsplit(self.feishu.url).netloc}


@contextmanager
def world(database: Database, folder: Path, **environment: str) -> Iterator[World]:
    """The demo, as ``make run`` starts it, on this database; the simulator sends its events there."""
    hireops = Hireops(database, folder)
    hireops.environment |= {"PROOF_MINUTES": "120", **environment}
    url = f"http://127.0.0.1:{hireops.environment['WEB_PORT']}"
    secrets = settings_of(folder)
    app = {name: secrets[name] for name in FEISHUS}
    with running_simulator(**app, SIMULATOR_WEBHOOK_URL=f"{url}/webhook/event") as feishu:
        hireops.environment["SIMULATOR_PORT"] = str(urlsplit(feishu.url).port)
        feishu.switch(quota_enforced=False)
        try:
            hire(hireops)
            hireops.web()
            hireops.worker()
            hireops.beat()
            yield World(url, hireops, feishu)
        finally:
            hireops.kill_all()


def hire(hireops: Hireops) -> None:
    """Everybody of ``STAFF``, with ``PASSWORD``; whoever is there already is left as they are."""
    hireops.python("manage.py", "shell", "-c", HIRE.format(password=PASSWORD), stdin=json.dumps(STAFF))
