"""`python -m complaints.files_apart heic|pdf`: draws one file anew, alone in its process.

The file comes in on standard input and goes out on standard output; why it was not taken stands on standard
error. Whatever a hostile file does to a decoder, it does it here: memory and time have an end, and no
settings, no database and no other request are in reach.
"""

import math
import resource
import sys

import pillow_heif
import pypdfium2
from PIL import Image

from complaints.files import (
    DOTS_PER_INCH,
    LONGEST_SIDE,
    MOST_PAGES,
    MOST_PIXELS,
    NotTaken,
    Sent,
    Wrong,
    document,
    picture,
    plain,
)

MOST_MEMORY = 2 * 1024**3
MOST_SECONDS = 20
POINTS_PER_INCH = 72


def main() -> int:
    """0 when the file was drawn, 1 with one word on standard error when it was not."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        drawn = _heic(content) if sys.argv[1] == Sent.HEIC else _pdf(content)
    except NotTaken as error:
        sys.stderr.write(f"\n{error.why}\n")
        return 1
    sys.stdout.buffer.write(drawn)
    return 0


def _heic(content: bytes) -> bytes:
    pillow_heif.register_heif_opener(thumbnails=False, allow_incorrect_headers=False)
    return picture(content, "HEIF")


def _pdf(content: bytes) -> bytes:
    try:
        opened = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise NotTaken(Wrong.LOCKED if "password" in str(error).lower() else Wrong.DAMAGED) from error
    if len(opened) > MOST_PAGES:
        raise NotTaken(Wrong.TOO_MANY_PAGES)
    try:
        pages = [_page(opened[number]) for number in range(len(opened))]
    except (pypdfium2.PdfiumError, ValueError, MemoryError) as error:
        raise NotTaken(Wrong.DAMAGED) from error
    if not pages:
        raise NotTaken(Wrong.DAMAGED)
    return document(pages)


def _page(page: pypdfium2.PdfPage) -> Image.Image:
    width, height = page.get_size()
    longest = max(width, height)
    if not math.isfinite(longest) or longest <= 0 or width * height > MOST_PIXELS:
        raise NotTaken(Wrong.TOO_MANY_PIXELS)
    scale = min(DOTS_PER_INCH / POINTS_PER_INCH, LONGEST_SIDE / longest)
    return plain(page.render(scale=scale, may_draw_forms=False).to_pil())


if __name__ == "__main__":
    sys.exit(main())
