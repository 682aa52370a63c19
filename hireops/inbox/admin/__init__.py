"""What staff see of the events from Feishu."""

from hireops.inbox.admin import events, replays

__all__ = ["events", "replays"]
