"""The least that a Django project can do with events, so that hireops can be measured against it."""
