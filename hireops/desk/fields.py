"""Fields of forms that need a word more than Django gives them, for who hears the page."""

from typing import Any

from django.utils.translation import gettext


def name_both_parts(field: Any) -> None:
    """Of a date with a time: its label is above both boxes, and each of them says which one it is."""
    date, time = field.widget.widgets
    date.attrs["aria-label"] = gettext("%(field)s: date") % {"field": field.label}
    time.attrs["aria-label"] = gettext("%(field)s: time") % {"field": field.label}
