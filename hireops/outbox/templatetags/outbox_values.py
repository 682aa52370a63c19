"""For templates that show what became of a call."""

from django import template

from hireops.outbox import reasons

register = template.Library()


@register.filter
def said(message: str) -> str:
    """The message of a try or of a call: what Feishu said, or what hireops says in the reader's language."""
    return reasons.message_shown(message)
