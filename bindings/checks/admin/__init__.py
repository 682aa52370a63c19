"""What staff see of background checks."""

from bindings.checks.admin import checks

__all__ = ["checks"]
