"""States of rows, each with the tone in which every page shows it."""

from typing import Literal, Self

from django.db import models

Tone = Literal["ok", "busy", "warn", "bad", "quiet"]


class States(models.TextChoices):
    """Of each state its value, its tone and its name: ``PAID = "paid", "ok", _("paid")``.

    *busy*: hireops or Feishu goes on by itself. *warn*: somebody should look. *quiet*: nothing follows.
    """

    tone: Tone

    def __new__(cls, value: str, tone: Tone = "quiet") -> Self:
        state = str.__new__(cls, value)
        state._value_ = value
        state.tone = tone
        return state
