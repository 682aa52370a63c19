"""The control API: what the page can do and more, as JSON, for tests and drills."""
