"""Is it a PDF that a customer can be given? A program of its own: what it reads comes from strangers.

``python -I pdf_check.py`` reads the file from standard input, after it has limited its own time and memory,
and writes one line of JSON: ``{"verdict": "ok", "pages": 3}``, or what is wrong, as ``Verdict`` names it,
and for active content which (``"found": ["JavaScript"]``). It knows nothing of Django.
"""

import json
import resource
import sys
from typing import Any

CPU_S = 10
MEMORY_BYTES = 1024 * 1024 * 1024
OBJECTS_MAX = 200_000
DEEPEST = 60

# Keys, actions and annotations that act, carry a file or fetch one, and what a person is told of them.
ACTIVE_KEYS = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/EmbeddedFile": "EmbeddedFiles",
    "/EmbeddedFiles": "EmbeddedFiles",
    "/RichMediaContent": "RichMedia",
    "/XFA": "XFA",
    "/OPI": "ExternalFile",
}
ACTIVE_ACTIONS = {
    "/JavaScript": "JavaScript",
    "/Launch": "Launch",
    "/SubmitForm": "SubmitForm",
    "/ImportData": "ImportData",
    "/Rendition": "RichMedia",
    "/Movie": "Movie",
    "/Sound": "Sound",
}
ACTIVE_ANNOTATIONS = {
    "/FileAttachment": "EmbeddedFiles",
    "/Movie": "Movie",
    "/Sound": "Sound",
    "/3D": "3D",
    "/Screen": "RichMedia",
    "/RichMedia": "RichMedia",
}
# Files that a file specification holds, one for each kind of system.
HELD_FILES = {"/F", "/UF", "/DOS", "/Mac", "/Unix"}
# What a stream has if its data, or what it shows, are another file's.
OUTSIDE_OF_STREAM = {"/F": "ExternalFile", "/Ref": "ReferenceXObject"}
AT_A_CLICK = {"/U", "/D"}
# What programs write in front of a PDF and behind it.
BEFORE = b"\xef\xbb\xbf\x00\t\n\f\r "
BEHIND = b"\x00\t\n\f\r\x1a "
HEADER_WITHIN = 1024
HEADER_BYTES = len("%PDF-1.7")
MOST_NAMED = 10
LONGEST_NAME = 30


def limit_oneself() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def look_at(content: bytes) -> dict[str, Any]:
    from pypdf.errors import PyPdfError  # noqa: PLC0415 - after the limits

    start = content[:HEADER_WITHIN]
    in_front = len(start) - len(start.lstrip(BEFORE))
    content = content.rstrip(BEHIND)
    if not content[in_front:].startswith(b"%PDF-"):
        return {"verdict": "not_pdf"}
    if not content.endswith(b"%%EOF"):
        return {"verdict": "cut"}
    content_from_header = content[in_front:]
    try:
        return _read(content_from_header)
    except PyPdfError:
        if not in_front:
            raise
    # Its table may count what stands in front: the header moves there, all else stays in its place.
    version = content_from_header[:HEADER_BYTES]
    return _read(version + b"\n" * in_front + content_from_header[HEADER_BYTES:])


def _read(content: bytes) -> dict[str, Any]:
    import io  # noqa: PLC0415

    from pypdf import PdfReader  # noqa: PLC0415

    reader = PdfReader(io.BytesIO(content), strict=True)
    if reader.is_encrypted:
        return {"verdict": "encrypted"}
    pages = len(reader.pages)
    if not pages:
        return {"verdict": "broken"}
    for page in reader.pages:
        page.get_contents()
    if found := _active_content(reader):
        return {"verdict": "active", "found": sorted(found)[:MOST_NAMED]}
    return {"verdict": "ok", "pages": pages}


def _active_content(reader: Any) -> set[str]:
    """Every object of the file is looked at, also those that no page leads to."""
    from pypdf.generic import IndirectObject  # noqa: PLC0415

    found: set[str] = set()
    if "/OpenAction" in reader.root_object:
        found.update(f"OpenAction: {name}" for name in _acts(reader.root_object["/OpenAction"]))
    for number, generation in _objects(reader):
        _look_into(reader.get_object(IndirectObject(number, generation, reader)), found, 0)
    return found


def _objects(reader: Any) -> list[tuple[int, int]]:
    """Number and generation of each that the file lists and has not set free."""
    listed = {(number, generation) for generation, table in reader.xref.items() for number in table}
    free = reader.xref_free_entry
    used = {(number, generation) for number, generation in listed if not free.get(generation, {}).get(number)}
    used |= {(number, 0) for number in reader.xref_objStm}
    if len(used) > OBJECTS_MAX:
        raise MemoryError
    return sorted(used - {(0, 65_535), (0, 0)})


def _acts(action: Any, depth: int = 0) -> set[str]:
    """The actions of a chain. To open at a place, as many programs write it, is no act."""
    if depth > DEEPEST:
        raise MemoryError
    if isinstance(action, list):
        return set().union(*(_acts(each.get_object(), depth + 1) for each in action))
    if not isinstance(action, dict):
        return set()
    later = _acts(action["/Next"], depth + 1) if "/Next" in action else set()
    return later | ({_name(action, "/S")[1:LONGEST_NAME]} - {"", "GoTo"})


def _look_into(value: Any, found: set[str], depth: int) -> None:
    if depth > DEEPEST:
        raise MemoryError
    if isinstance(value, dict):
        found |= _active(value)
        for each in dict.values(value):
            _look_into(each, found, depth + 1)
    elif isinstance(value, list):
        for each in list.__iter__(value):
            _look_into(each, found, depth + 1)


def _active(value: Any) -> set[str]:
    from pypdf.generic import StreamObject  # noqa: PLC0415

    found = {name for key, name in ACTIVE_KEYS.items() if key in value}
    found |= {
        ACTIVE_ACTIONS.get(_name(value, "/S"), ""),
        ACTIVE_ANNOTATIONS.get(_name(value, "/Subtype"), ""),
    }
    if _name(value, "/Type") == "/EmbeddedFile" or HELD_FILES & _entries(value, "/EF").keys():
        found.add("EmbeddedFiles")
    if isinstance(value, StreamObject):
        found |= {name for key, name in OUTSIDE_OF_STREAM.items() if key in value}
    for trigger, action in _entries(value, "/AA").items():
        if trigger not in AT_A_CLICK:
            found.update(f"AA: {name}" for name in _acts(action.get_object()))
    return found - {""}


def _entries(value: Any, key: str) -> Any:
    """The dictionary under ``key``, wherever in the file it is written; an empty one if there is none."""
    entries = value[key] if key in value else {}  # noqa: SIM401 - get() does not follow references
    return entries if isinstance(entries, dict) else {}


def _name(value: Any, key: str) -> str:
    """The name under ``key``, wherever in the file it is written; "" if there is none."""
    return str(value[key]) if key in value else ""  # get() does not follow references


def main() -> None:
    content = sys.stdin.buffer.read()
    limit_oneself()
    try:
        answer = look_at(content)
    except MemoryError:
        answer = {"verdict": "too_complex"}
    except Exception:  # noqa: BLE001 - whatever the library finds wrong, the file is what is wrong
        answer = {"verdict": "broken"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
