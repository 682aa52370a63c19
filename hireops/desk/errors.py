"""What services raise when staff ask for something that cannot be done."""


class Refused(Exception):  # noqa: N818  it names an answer, not a fault
    """What staff asked for cannot be done now; ``str()`` tells them why, in their language.

    Services raise it after looking at the row under a lock; pages show it as an error message, and nothing
    has changed.
    """
