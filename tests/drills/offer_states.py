"""What drills and benchmarks of offers see in the database, without Django."""

from tests.databases import Database


def states(database: Database, table: str) -> dict[str, int]:
    return dict(database.rows(f"SELECT state, count(*) FROM {table} GROUP BY state"))


def in_doubt(database: Database) -> int:
    """Accounts of whose call nobody knows at this moment whether it has reached Feishu."""
    return int(database.rows("SELECT count(*) FROM outbox_call WHERE lease_key IS NOT NULL")[0][0])
