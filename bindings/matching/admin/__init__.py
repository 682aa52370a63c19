"""What staff see of matching: the queue, the rules, and the binding codes."""

from bindings.matching.admin import codes, queue, rules, sections

__all__ = ["codes", "queue", "rules", "sections"]
