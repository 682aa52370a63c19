"""What staff see of exams."""

from bindings.exams.admin import exams

__all__ = ["exams"]
