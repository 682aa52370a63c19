"""Is it a PDF that a customer can be given? A program of its own: what it reads comes from strangers.

``python -I pdf_check.py`` reads the file from standard input, after it has limited its own time and memory,
and writes one line of JSON: ``{"verdict": "ok", "pages": 3}``, or what is wrong, as ``Verdict`` names it,
and for active content which (``"found": ["JavaScript"]``). It knows nothing of Django.
"""

import json
import re
import resource
import sys
from typing import Any

CPU_S = 10
MEMORY_BYTES = 1024 * 1024 * 1024
OBJECTS_MAX = 200_000
DEEPEST = 60

# Where a name of an action or a key stands for something that acts, opens or carries by itself.
ACTIVE_KEYS = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/EmbeddedFile": "EmbeddedFiles",
    "/EmbeddedFiles": "EmbeddedFiles",
    "/RichMediaContent": "RichMedia",
    "/XFA": "XFA",
}
ACTIVE_ACTIONS = {
    "/JavaScript": "JavaScript",
    "/Launch": "Launch",
    "/SubmitForm": "SubmitForm",
    "/ImportData": "ImportData",
    "/Rendition": "RichMedia",
}
AFTER_THE_END = re.compile(rb"%%EOF[\x00\t\n\f\r ]*\Z")


def limit_oneself() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def look_at(content: bytes) -> dict[str, Any]:
    if not content.startswith(b"%PDF-"):
        return {"verdict": "not_pdf"}
    if not AFTER_THE_END.search(content[-2048:]):
        return {"verdict": "cut"}
    return _read(content)


def _read(content: bytes) -> dict[str, Any]:
    import io  # noqa: PLC0415 - after the limits

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
        return {"verdict": "active", "found": sorted(found)}
    return {"verdict": "ok", "pages": pages}


def _active_content(reader: Any) -> set[str]:
    """Every object of the file is looked at, also those that no page leads to."""
    from pypdf.generic import IndirectObject  # noqa: PLC0415

    found: set[str] = set()
    if "/OpenAction" in reader.root_object and _acts(reader.root_object["/OpenAction"]):
        found.add("OpenAction")
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


def _acts(action: Any) -> bool:
    """To open at a place, as many programs write it, is no act."""
    return isinstance(action, dict) and action.get("/S") not in (None, "/GoTo")


def _look_into(value: Any, found: set[str], depth: int) -> None:
    if depth > DEEPEST:
        raise MemoryError
    if isinstance(value, dict):
        found.update(name for key, name in ACTIVE_KEYS.items() if key in value)
        if (action := value.get("/S")) is not None and str(action) in ACTIVE_ACTIONS:
            found.add(ACTIVE_ACTIONS[str(action)])
        if str(value.get("/Type")) == "/EmbeddedFile" or str(value.get("/Subtype")) == "/FileAttachment":
            found.add("EmbeddedFiles")
        for each in dict.values(value):
            _look_into(each, found, depth + 1)
    elif isinstance(value, list):
        for each in list.__iter__(value):
            _look_into(each, found, depth + 1)


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
