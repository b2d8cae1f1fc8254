"""Files from strangers: what they are decides their content, and nothing of the original is kept."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from complaints import files
from complaints.files import NotTaken, Wrong, clean_file, cleaned
from complaints.rules.words import FileKind
from policy.refusals import BadInput
from tests.complaints import hostile


def why(content: bytes) -> Wrong:
    with pytest.raises(NotTaken) as refused:
        cleaned(content)
    return refused.value.why


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_pictures_become_jpeg(image_format: str) -> None:
    kept = cleaned(hostile.image(image_format=image_format))
    assert kept.kind is FileKind.IMAGE
    assert Image.open(io.BytesIO(kept.content)).format == "JPEG"


def test_a_picture_of_an_iphone_becomes_jpeg_too() -> None:
    kept = cleaned(hostile.heic())
    assert Image.open(io.BytesIO(kept.content)).size == (64, 48)


def test_place_camera_and_comment_are_gone_and_it_stands_upright() -> None:
    sent = hostile.located()
    assert hostile.SECRET_PLACE in sent
    kept = cleaned(sent).content
    assert hostile.SECRET_PLACE not in kept
    assert b"Exif" not in kept
    drawn = Image.open(io.BytesIO(kept))
    assert drawn.size == (48, 64)
    assert not drawn.getexif()


def test_a_large_picture_is_made_smaller() -> None:
    drawn = Image.open(io.BytesIO(cleaned(hostile.image((5000, 2500))).content))
    assert drawn.size == (2000, 1000)


def test_what_hides_behind_a_picture_is_gone() -> None:
    assert b"script" not in cleaned(hostile.POLYGLOT).content


def test_what_can_be_seen_through_is_put_on_white() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(written, "PNG")
    drawn = Image.open(io.BytesIO(cleaned(written.getvalue()).content))
    assert drawn.getpixel((10, 10)) == (255, 255, 255)


def test_a_document_becomes_a_document_of_pictures() -> None:
    note = b"<</S/JavaScript/JS(app.alert(1))>>"
    sent = hostile.pdf(3, note)
    assert b"JavaScript" in sent
    kept = cleaned(sent)
    assert kept.kind is FileKind.PDF
    assert kept.content.startswith(b"%PDF-")
    assert b"JavaScript" not in kept.content
    assert kept.content.count(b"/Type /Page\n") + kept.content.count(b"/Type /Page ") >= 3
    assert cleaned(sent) == kept, "the same document is kept once"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", Wrong.EMPTY),
        (hostile.SMALL["page"], Wrong.OTHER_TYPE),
        (hostile.SMALL["drawing"], Wrong.OTHER_TYPE),
        (hostile.SMALL["program"], Wrong.OTHER_TYPE),
        (hostile.SMALL["gif"], Wrong.OTHER_TYPE),
        (hostile.SMALL["cut short"], Wrong.DAMAGED),
        (hostile.SMALL["png head"], Wrong.DAMAGED),
        (hostile.SMALL["webp head"], Wrong.DAMAGED),
        (hostile.bomb(), Wrong.TOO_MANY_PIXELS),
        (b"%PDF-1.7 rubbish", Wrong.DAMAGED),
        (b"\0\0\0\x18ftypheic" + b"x" * 200, Wrong.DAMAGED),
        (b"\0\0\0\x18ftypavif" + b"x" * 200, Wrong.OTHER_TYPE),
        (hostile.locked_pdf(), Wrong.LOCKED),
        (hostile.pdf(21), Wrong.TOO_MANY_PAGES),
        (b"\xff\xd8\xff" + b"\0" * files.MOST_BYTES, Wrong.TOO_LARGE),
    ],
)
def test_what_is_not_taken_says_why(content: bytes, expected: Wrong) -> None:
    assert why(content) is expected


def test_every_reason_names_the_file_by_its_position() -> None:
    for reason in Wrong:
        assert "7" in str(files.refusal(reason, 7))
    with pytest.raises(BadInput, match="2"):
        clean_file(b"rubbish", 2)


def test_a_document_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SECONDS_APART", 0.01)
    assert why(hostile.pdf()) is Wrong.TOO_SLOW


@pytest.mark.parametrize("make", [hostile.image, hostile.pdf, hostile.heic])
def test_no_byte_that_is_changed_makes_it_fail_otherwise(make: Callable[[], bytes]) -> None:
    honest = make()
    step = max(1, len(honest) // 12)
    for position in range(0, len(honest), step):
        broken = honest[:position] + b"\xa5\x00\xff" + honest[position + 3 :]
        try:
            cleaned(broken)
        except NotTaken:
            continue
