"""Files that lie, are broken, or are far larger than they look; and honest ones."""

import io
import struct
import zlib

import pillow_heif
from PIL import Image

SECRET_PLACE = b"GPS-39.9042N-116.4074E"


def image(size: tuple[int, int] = (64, 48), image_format: str = "JPEG", **options: object) -> bytes:
    """A small honest picture."""
    written = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(written, image_format, **options)
    return written.getvalue()


def located() -> bytes:
    """A picture that tells where and with what it was taken, and that lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010E] = SECRET_PLACE.decode()
    exif.get_ifd(0x8825)[29] = "2022:11:16"
    return image((64, 48), exif=exif.tobytes(), comment=SECRET_PLACE)


def heic() -> bytes:
    """A picture as iPhones make them."""
    written = io.BytesIO()
    pillow_heif.from_pillow(Image.linear_gradient("L").resize((64, 48)).convert("RGB")).save(written)
    return written.getvalue()


def pdf(pages: int = 1, note: bytes = b"") -> bytes:
    """A document of so many pages; `note` hides in it."""
    written = io.BytesIO()
    page = Image.linear_gradient("L").resize((60, 80)).convert("RGB")
    page.save(written, "PDF", save_all=True, append_images=[page] * (pages - 1))
    return written.getvalue().replace(b"%%EOF", note + b"\n%%EOF")


def bomb() -> bytes:
    """A PNG of few bytes that claims 60,000 pixels on each side."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 9999))
        + chunk(b"IEND", b"")
    )


def locked_pdf() -> bytes:
    """A document that nobody opens without its password."""
    body = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"3 0 obj<</Filter/Standard/V 1/R 2/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">/P -4>>endobj\n"
    )
    offsets = [body.index(b"%d 0 obj" % number) for number in (1, 2, 3)]
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % each for each in offsets)
    ending = b"trailer<</Size 4/Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]>>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + table + ending


POLYGLOT = image() + b"PK\x03\x04<script>alert(document.domain)</script>"
"""A real picture behind which something else hides."""

SMALL: dict[str, bytes] = {
    "nothing": b"",
    "page": b"<html><script>alert(1)</script></html>",
    "drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "program": b"MZ\x90\x00" + b"\0" * 60,
    "gif": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
    "head only": b"\xff\xd8\xff\xe0",
    "cut short": image()[:300],
    "png head": b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
    "bomb": bomb(),
    "webp head": b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    "honest": image(),
    "polyglot": POLYGLOT,
    "png": image(image_format="PNG"),
    "webp": image(image_format="WEBP"),
}
"""Cheap ones, for many submissions."""
