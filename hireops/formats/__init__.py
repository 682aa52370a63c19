"""How dates and numbers are written: alike in both languages, so that switching moves nothing on a page.

Django asks ``<language>.formats`` here first (``FORMAT_MODULE_PATH``) and its own files for what is missing.
"""
