"""Small PDFs, good and bad."""

from io import BytesIO

from pypdf import PdfWriter


def pdf(*, pages: int = 1, title: str = "") -> bytes:
    """``title`` makes one that differs from others."""
    return _written(_writer(pages, title))


def with_password() -> bytes:
    writer = _writer()
    writer.encrypt("secret")
    return _written(writer)


def written_out(*objects: str, catalog: str = "", page: str = "", start: bytes = b"") -> bytes:
    """One page. ``catalog`` and ``page`` have more entries; ``objects`` are number 4 and later."""
    bodies = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] {page} >>",
        *objects,
    ]
    content, places = start + b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(places) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(content)}\n%%EOF\n"
    return content + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()


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
