"""What the database itself keeps from changing: which bytes a file has, which file a link leads to, and who
has fetched it."""

from hireops.guards.rules import Rule, any_differs, there_is, update_of

FILE, LINK, FETCH = "bindings_reportfile", "bindings_reportlink", "bindings_reportfetch"

UPLOADED = ("id", "sha256", "size", "pages", "scanned_by", "uploaded_by_id", "uploaded_at")
CONTENT = ("name", "file", "emptied_at")
LEADS = ("id", "file_id", "token_digest", "created_at", "expires_at")
REVOKED = ("revoked_at", "revoked_by_id", "revoked_because")
FETCHED = ("id", "link_id", "at", "address", "agent", "method", "status", "begins", "bytes", "by_hireops")

_IS_EMPTIED = (
    "OLD.emptied_at IS NULL AND NEW.emptied_at IS NOT NULL AND NEW.name = '' AND NEW.file = OLD.file"
)
# When its bytes are gone from the storage too.
_IS_GONE = (
    "OLD.emptied_at IS NOT NULL AND NEW.emptied_at = OLD.emptied_at AND NEW.name = '' AND NEW.file = ''"
)

RULES = [
    Rule("report_file_as_uploaded", FILE, update_of(UPLOADED), any_differs(UPLOADED)),
    Rule(
        "report_file_is_only_emptied",
        FILE,
        update_of(CONTENT),
        f"{any_differs(CONTENT)} AND NOT ({_IS_EMPTIED}) AND NOT ({_IS_GONE})",
    ),
    Rule("report_file_stays", FILE, "DELETE"),
    Rule("report_file_replaces_none", FILE, "REPLACE", there_is(FILE, "it.id = NEW.id")),
    Rule("report_link_leads_where_it_led", LINK, update_of(LEADS), any_differs(LEADS)),
    Rule(
        "report_link_is_withdrawn_once",
        LINK,
        update_of(REVOKED),
        f"OLD.revoked_at IS NOT NULL AND {any_differs(REVOKED)}",
    ),
    Rule("report_link_stays", LINK, "DELETE"),
    Rule(
        "report_link_replaces_none",
        LINK,
        "REPLACE",
        there_is(LINK, "it.id = NEW.id OR it.token_digest = NEW.token_digest"),
    ),
    Rule("report_fetch_as_it_was", FETCH, update_of(FETCHED), any_differs(FETCHED)),
    Rule(
        "report_fetch_ends_once",
        FETCH,
        "UPDATE OF sent",
        "OLD.sent IS NOT NULL AND OLD.sent {differs} NEW.sent",
    ),
    Rule("report_fetch_stays", FETCH, "DELETE"),
    Rule("report_fetch_replaces_none", FETCH, "REPLACE", there_is(FETCH, "it.id = NEW.id")),
]
