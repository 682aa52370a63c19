"""The manual inside: the files of ``docs/manual`` as pages of the admin."""
