"""Pictures from candidates: what a browser writes is kept, whatever else is refused and never crashes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from greenroom.domain.errors import Invalid
from greenroom.domain.jpeg import read_jpeg
from tests.pictures import jpeg

PICTURE = jpeg()


def refused(raw: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        read_jpeg(raw)
    return caught.value.code


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"quality": 95}, {"subsampling": 0}]
)
def test_a_picture_keeps_its_size_and_its_pixels(options: dict) -> None:
    raw = jpeg(640, 480, **options)
    found = read_jpeg(raw)
    assert (found.width, found.height) == (640, 480)
    assert Image.open(io.BytesIO(found.body)).tobytes() == Image.open(io.BytesIO(raw)).tobytes()


def test_what_may_tell_where_it_was_taken_is_dropped_and_so_is_what_follows() -> None:
    exif = Image.Exif()
    exif[0x0110] = "a telling camera"
    raw = jpeg(exif=exif, comment=b"a telling comment") + b"<script>after</script>"
    assert b"telling camera" in raw
    assert b"telling comment" in raw
    body = read_jpeg(raw).body
    assert b"telling" not in body
    assert b"script" not in body
    assert body.endswith(b"\xff\xd9")
    assert Image.open(io.BytesIO(body)).size == (320, 240)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"GIF89a" + bytes(100),
        b"<svg onload=alert(1)>",
        PICTURE[:-2],
        PICTURE[: len(PICTURE) // 2],
        b"\xff\xd8\xff\xe0\xff\xff" + bytes(100),
        PICTURE[:2] + PICTURE,
    ],
    ids=lambda raw: raw[:6].hex() + f"+{len(raw)}",
)
def test_what_is_no_whole_picture_is_refused(raw: bytes) -> None:
    assert refused(raw) == "not_a_jpeg"


@pytest.mark.parametrize(("width", "height"), [(63, 200), (200, 63), (8193, 64)])
def test_sides_have_bounds(width: int, height: int) -> None:
    assert refused(jpeg(width, height)) == "picture_size"


def test_a_frame_that_lies_about_its_size_is_refused() -> None:
    at = PICTURE.index(b"\xff\xc0")
    assert refused(PICTURE[: at + 5] + b"\xff\xff\xff\xff" + PICTURE[at + 9 :]) == "picture_size"


@given(st.binary(max_size=300))
def test_no_bytes_crash_it(raw: bytes) -> None:
    assert refused(b"\xff\xd8\xff" + raw) in ("not_a_jpeg", "picture_size")


@given(st.lists(st.tuples(st.integers(0, len(PICTURE) - 1), st.integers(0, 255)), max_size=20))
def test_altered_pictures_are_refused_or_read(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(PICTURE)
    for at, value in changes:
        raw[at] = value
    try:
        found = read_jpeg(bytes(raw))
    except Invalid as error:
        assert error.code in ("not_a_jpeg", "picture_size")
    else:
        assert 64 <= found.width <= 8192
        assert read_jpeg(found.body) == found, "what is kept is read the same again"
