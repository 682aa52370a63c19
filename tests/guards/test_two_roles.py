"""The installation with two roles of docs/operations.md, and what the one that owns nothing may try in it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.databases import new_database
from tests.postgresql import PostgreSQL
from tests.selection import on_postgresql

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), on_postgresql]

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "of-a-test"
AUDIT = """
    INSERT INTO desk_auditentry (action, target_type_id, target_id, target_label, actor_name, reason, details)
    SELECT 'seen', min(id), '1', 'one', '', '', '{}' FROM django_content_type
"""
OBJECTS_BEFORE_THOSE_OF_THE_SCHEMA = """
    CREATE FUNCTION pg_temp.steal() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN
        ALTER TABLE {schema}.desk_auditentry DISABLE TRIGGER USER;
        DELETE FROM {schema}.desk_auditentry;
        RETURN now();
    END $$;
    CREATE TEMPORARY TABLE inbox_eventcontent (event_id bigint);
    CREATE TEMPORARY TABLE inbox_eventcontent_202001 AS SELECT 1::bigint AS event_id;
    CREATE TEMPORARY VIEW inbox_event AS SELECT 1::bigint AS id, pg_temp.steal() AS not_before;
    GRANT ALL ON inbox_eventcontent, inbox_eventcontent_202001, inbox_event TO PUBLIC;
"""
MADE_UP_SUM = """
    CREATE TEMPORARY TABLE referrals_withdrawalamount AS
        SELECT 1::bigint AS id, 1::bigint AS withdrawal_id, 'cash' AS asset, 999999::numeric AS taken;
    CREATE TEMPORARY TABLE referrals_withdrawal AS SELECT 1::bigint AS id, 1::bigint AS account_id;
    CREATE TEMPORARY TABLE referrals_referralaccount AS
        SELECT 1::bigint AS id, 'Mallory' AS name, '' AS mobile, '' AS email;
    CREATE TEMPORARY TABLE referrals_payment (LIKE {schema}.referrals_payment);
"""
PAYMENT = """
    INSERT INTO {schema}.referrals_payment (batch_id, amount_id, payment_id, asset, sum, payee_name,
        payee_mobile, payee_email, state, reference, reason)
    VALUES (1, 1, 'made up', 'cash', 999999, 'Mallory', '', '', 'handed_over', '', '')
"""


@dataclass(frozen=True)
class Installation:
    """``owner`` and ``role`` are the addresses of its database for either."""

    schema: str
    owner: str
    role: str

    def as_owner(self, statement: str) -> list[tuple[object, ...]]:
        return PostgreSQL(self.owner).execute(statement, database=_name_of(self.owner))

    def connect_as_role(self) -> psycopg.Connection:
        return PostgreSQL(self.role).connect(_name_of(self.role))

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": self.owner, "DJANGO_SETTINGS_MODULE": "hireops.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr


@pytest.fixture(scope="module", params=["public", '"Of hireops"'])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with new_database(tmp_path_factory.mktemp("two_roles")) as database:
        server, name = PostgreSQL(database.url), database.name
        owner, role = f"{name}_owner", f"{name}_role"
        server.execute(f"CREATE ROLE {owner} LOGIN PASSWORD '{PASSWORD}'")
        server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
        server.execute(f"ALTER DATABASE {name} OWNER TO {owner}")
        try:
            made = Installation(request.param, _as(owner, database.url), _as(role, database.url))
            if made.schema != "public":
                server.execute(f"ALTER DATABASE {name} SET search_path = {made.schema}")
                made.as_owner(f"CREATE SCHEMA {made.schema}")
            for right in _documented_rights(owner, role, made.schema):
                made.as_owner(right)
            assert made.manage("migrate", "--verbosity", "0") == ""
            yield made
        finally:
            database.drop()
            server.execute(f"DROP ROLE {owner}")
            server.execute(f"DROP ROLE {role}")


def _documented_rights(owner: str, role: str, schema: str) -> list[str]:
    """What the owner of a new database types."""
    text = (ROOT / "docs" / "operations.md").read_text()
    _before, block = text.split("\\connect hireops\n")
    block = block.partition("```")[0].replace("hireops_owner", owner)
    return re.sub(r"\bhireops\b", role, block).replace("public", schema).splitlines()


def _as(user: str, url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}").geturl()


def _name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def test_its_guards_stand_as_declared(installation: Installation) -> None:
    assert " guards stand on " in installation.manage("guards")


def test_a_month_is_dropped_by_nothing_that_the_role_has_made(installation: Installation) -> None:
    installation.as_owner(AUDIT)
    with installation.connect_as_role() as link:
        link.execute(OBJECTS_BEFORE_THOSE_OF_THE_SCHEMA.format(schema=installation.schema))
        link.execute("SELECT inbox_eventcontent_drop_month(202001)")
    assert installation.as_owner("SELECT count(*) FROM desk_auditentry") != [(0,)]


def test_a_payment_is_compared_with_no_table_that_the_role_has_made(installation: Installation) -> None:
    with installation.connect_as_role() as link:
        link.execute(MADE_UP_SUM.format(schema=installation.schema))
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="payment_"), link.transaction():
            link.execute(PAYMENT.format(schema=installation.schema))


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (
            "account_stays()",
            "guard account_stays of referrals_referralaccount is not the one that is declared",
        ),
        (
            "inbox_attempt_drop_month(integer)",
            "function inbox_attempt_drop_month has the rights of its owner and no fixed search_path",
        ),
    ],
)
def test_a_search_path_that_somebody_has_reset_is_named(
    installation: Installation, function: str, sentence: str
) -> None:
    (path,) = installation.as_owner(
        f"SELECT proconfig[1] FROM pg_proc WHERE oid = '{function}'::regprocedure"
    )
    installation.as_owner(f"ALTER FUNCTION {function} RESET search_path")
    assert installation.manage("guards").splitlines() == [sentence]
    name, _equals, value = str(path[0]).partition("=")
    installation.as_owner(f"ALTER FUNCTION {function} SET {name} = {value}")
