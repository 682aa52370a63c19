"""Small PDFs, good and bad."""

from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject


def pdf(*, pages: int = 1, title: str = "") -> bytes:
    """``title`` makes one that differs from others."""
    return _written(_writer(pages, title))


def with_password() -> bytes:
    writer = _writer()
    writer.encrypt("secret")
    return _written(writer)


def with_script() -> bytes:
    writer = _writer()
    script = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject("app.alert(1)")}
    action = DictionaryObject({NameObject(key): value for key, value in script.items()})
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)
    return _written(writer)


def with_attachment() -> bytes:
    writer = _writer()
    writer.add_attachment("more.txt", b"more")
    return _written(writer)


def _writer(pages: int = 1, title: str = "") -> PdfWriter:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    writer.add_metadata({"/Title": title})
    return writer


def _written(writer: PdfWriter) -> bytes:
    file = BytesIO()
    writer.write(file)
    return file.getvalue()
