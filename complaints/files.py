"""Files that strangers send: bytes in, a picture or a document of our own making out.

Nothing of the original is kept. What it is decides its content, never its name or the type that the browser
claims; it is decoded and drawn anew, so places, cameras, scripts and whatever was hidden behind the picture
are gone. Formats whose decoders are large and old (HEIC, PDF) are opened in a process of their own
(`complaints.files_apart`), with an end to its time and memory.
"""

import io
import os
import struct
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from complaints.rules.words import FileKind
from policy.refusals import BadInput

MOST_BYTES = 10 * 1024 * 1024
MOST_FILES = 6
MOST_PAGES = 20
LONGEST_SIDE = 2000
MOST_PIXELS = 40_000_000
"""No telephone's usual picture is larger; a few kilobytes that unfold to more are a bomb."""
QUALITY = 82
DOTS_PER_INCH = 150
SECONDS_APART = 25
_ROOT = Path(__file__).resolve().parents[1]


class Sent(StrEnum):
    """The formats that are taken, by their content."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    PDF = "pdf"


class Wrong(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    OTHER_TYPE = "other_type"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_PAGES = "too_many_pages"
    LOCKED = "locked"
    TOO_SLOW = "too_slow"


SENTENCES: dict[Wrong, Promise] = {
    Wrong.EMPTY: _("File %(n)d is empty. Please choose it again."),
    Wrong.TOO_LARGE: _("File %(n)d is larger than 10 MB. Please send a smaller picture."),
    Wrong.OTHER_TYPE: _(
        "File %(n)d is neither a picture (JPEG, PNG, WebP, HEIC) nor a PDF, whatever its name says."
    ),
    Wrong.DAMAGED: _("File %(n)d is damaged or was cut short. Please take or save it again."),
    Wrong.TOO_MANY_PIXELS: _("File %(n)d unfolds to a picture that is far too large."),
    Wrong.TOO_MANY_PAGES: _("File %(n)d has more than 20 pages. Please send the ones that matter."),
    Wrong.LOCKED: _("File %(n)d is locked with a password. Please send it without."),
    Wrong.TOO_SLOW: _("File %(n)d could not be opened in reasonable time. Please send a picture of it."),
}


class NotTaken(ValueError):
    """A file that is not taken, and why."""

    def __init__(self, why: Wrong) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class CleanFile:
    """What is kept of a file."""

    kind: FileKind
    content: bytes


def refusal(why: Wrong, position: int) -> BadInput:
    """The sentence about the file at that place of the list, the first one being 1."""
    return BadInput("files", SENTENCES[why] % {"n": position})


def clean_file(content: bytes, position: int) -> CleanFile:
    """The file drawn anew. Raises BadInput that names the file by its position."""
    try:
        return cleaned(content)
    except NotTaken as error:
        raise refusal(error.why, position) from error


def cleaned(content: bytes) -> CleanFile:
    """The file drawn anew: pictures as JPEG of at most 2000 pixels, documents as PDF of pictures.

    Raises NotTaken.
    """
    if not content:
        raise NotTaken(Wrong.EMPTY)
    if len(content) > MOST_BYTES:
        raise NotTaken(Wrong.TOO_LARGE)
    sent = format_of(content)
    if sent is None:
        raise NotTaken(Wrong.OTHER_TYPE)
    if sent in (Sent.HEIC, Sent.PDF):
        return CleanFile(FileKind.PDF if sent is Sent.PDF else FileKind.IMAGE, _apart(sent, content))
    return CleanFile(FileKind.IMAGE, picture(content, sent.upper()))


_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def format_of(content: bytes) -> Sent | None:
    """What the first bytes say it is; None: nothing that is taken."""
    if content.startswith(b"\xff\xd8\xff"):
        return Sent.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Sent.PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Sent.WEBP
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return Sent.HEIC
    if content.startswith(b"%PDF-"):
        return Sent.PDF
    return None


# What decoders are known to raise on bytes that somebody made up; none of them says more than "damaged".
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    MemoryError,
    RuntimeError,
    NotImplementedError,
    struct.error,
    zlib.error,
)


def picture(content: bytes, image_format: str) -> bytes:
    """A picture as JPEG: upright, on white, without anything that it told about itself."""
    try:
        with Image.open(io.BytesIO(content), formats=[image_format]) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise NotTaken(Wrong.TOO_MANY_PIXELS)
            opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            return as_jpeg(ImageOps.exif_transpose(opened))
    except NotTaken:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotTaken(Wrong.TOO_MANY_PIXELS) from error
    except _DAMAGED as error:
        raise NotTaken(Wrong.DAMAGED) from error


def as_jpeg(image: Image.Image) -> bytes:
    """The pixels alone, as JPEG."""
    written = io.BytesIO()
    plain(image).save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()


def plain(image: Image.Image) -> Image.Image:
    """The pixels alone in red, green and blue, on white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        seen = image.convert("RGBA")
        image = Image.new("RGB", seen.size, "white")
        image.paste(seen, mask=seen.getchannel("A"))
    pixels = image.convert("RGB")
    bare = Image.new("RGB", pixels.size)
    bare.paste(pixels)
    return bare


def document(pages: list[Image.Image]) -> bytes:
    """Pictures as the pages of a PDF that holds nothing else; equal pages give equal bytes."""
    written = io.BytesIO()
    epoch = time.gmtime(0)
    pages[0].save(
        written,
        "PDF",
        save_all=True,
        append_images=pages[1:],
        resolution=DOTS_PER_INCH,
        quality=QUALITY,
        title="",
        creationDate=epoch,
        modDate=epoch,
    )
    return written.getvalue()


def _apart(sent: Sent, content: bytes) -> bytes:
    """The file drawn anew in a process of its own, which ends by itself."""
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "complaints.files_apart", sent],
            input=content,
            capture_output=True,
            timeout=SECONDS_APART,
            check=False,
            cwd=_ROOT,
            env={"PATH": os.defpath},  # no key and no address of a server goes along
        )
    except subprocess.TimeoutExpired as error:
        raise NotTaken(Wrong.TOO_SLOW) from error
    if done.returncode == 0 and done.stdout:
        return done.stdout
    said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    raise NotTaken(Wrong(said) if said in list(Wrong) else Wrong.DAMAGED)
