"""All models of the app, for Django and for other rooms. Each is defined in the models.py of its room."""

from bindings.accounts.models import AccountBinding, CustomFieldValue, EcoAccount, Scope, Usage
from bindings.fields.models import CustomField, CustomFieldPush

__all__ = [
    "AccountBinding",
    "CustomField",
    "CustomFieldPush",
    "CustomFieldValue",
    "EcoAccount",
    "Scope",
    "Usage",
]
