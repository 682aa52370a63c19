"""What events about a store app itself say (contract 1.4 and 1.7)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from hireops.encryption import encrypt
from hireops.feishu.event_content import EventContent, MissingContentError, mapping, required_text, text
from hireops.feishu.strict_json import gettext_noop, replaced

APP_TICKET = "app_ticket"


class AppStatus(StrEnum):
    START_BY_TENANT = "start_by_tenant"
    STOP_BY_TENANT = "stop_by_tenant"
    STOP_BY_PLATFORM = "stop_by_platform"


@dataclass(frozen=True, slots=True)
class AppTicketEvent(EventContent):
    """What a store app gets its tokens with; it comes every hour. An event that is kept has it encrypted."""

    app_ticket: str = field(repr=False)

    @classmethod
    def _read(cls, event: Mapping[str, Any]) -> Self:
        return cls(
            required_text(event, "app_ticket", gettext_noop("app_ticket is missing or is not text")),
        )


@dataclass(frozen=True, slots=True)
class AppOpenEvent(EventContent):
    """A tenant has installed the app. ``installer`` is the open_id of who did, "" if Feishu does not say."""

    installer: str

    @classmethod
    def _read(cls, event: Mapping[str, Any]) -> Self:
        installer = mapping(event.get("installer")) or mapping(event.get("installer_employee"))
        return cls(text(installer.get("open_id")))


@dataclass(frozen=True, slots=True)
class AppStatusChangeEvent(EventContent):
    """A tenant, or Feishu, has switched the app on or off."""

    status: AppStatus

    @classmethod
    def _read(cls, event: Mapping[str, Any]) -> Self:
        try:
            return cls(AppStatus(text(event.get("status"))))
        except ValueError:
            reason = gettext_noop("status is none that is documented; nobody knows whether the app is on")
            raise MissingContentError(reason) from None


@dataclass(frozen=True, slots=True)
class AppUninstalledEvent(EventContent):
    """A tenant does not have the app any more, or is no more itself. That is all it says."""

    @classmethod
    def _read(cls, _event: Mapping[str, Any]) -> Self:
        return cls()


def ticket_encrypted(payload_json: str) -> str:
    """The envelope of an ``app_ticket`` event as it is kept: the ticket is never stored in clear."""
    ticket = json.loads(payload_json)["event"].get("app_ticket")
    return (
        replaced(payload_json, ticket, encrypt(ticket))
        if isinstance(ticket, str) and ticket
        else payload_json
    )
