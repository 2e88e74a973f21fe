"""ffmpeg's packet listing read in columns gives what reading it line by line gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom_media.errors import MediaFailed
from greenroom_media.framecrc import NO_TIME, parse

TIMES = st.one_of(st.integers(-(2**40), 2**40), st.just(NO_TIME))
FLAGS = st.sampled_from(["", ", F=0x0", ", F=0x1", ", F=0x4", ", F=0x5", ", F=0x15", ", F=0x1A"])
SIDES = st.sampled_from(["", ", S=1,       10", ", S=1, Skip Samples,       10, 0x02390039"])


@st.composite
def packets(draw: st.DrawFn) -> tuple[int, int, int, int, int, str, str]:
    return (
        draw(st.integers(0, 12)),
        draw(TIMES),
        draw(TIMES),
        draw(st.integers(0, 2**40)),
        draw(st.integers(0, 2**31)),
        draw(FLAGS),
        draw(SIDES),
    )


@given(st.lists(packets(), min_size=1, max_size=30))
def test_columns_equal_lines(rows: list[tuple[int, int, int, int, int, str, str]]) -> None:
    text = "".join(
        f"{stream}, {dts:10d}, {pts:10d}, {duration:8d}, {size:8d}, 0x0badcafe{flags}{side}\n"
        for stream, dts, pts, duration, size, flags, side in rows
    )
    found = parse(text.encode())
    assert len(found) == len(rows)
    for number, name in enumerate(("stream", "dts", "pts", "duration", "size")):
        assert getattr(found, name).tolist() == [row[number] for row in rows], name
    flags = [int(row[5][6:], 16) if row[5] else 1 for row in rows]
    assert found.key.tolist() == [flag & 1 > 0 for flag in flags]
    assert found.discard.tolist() == [flag & 4 > 0 for flag in flags]


@pytest.mark.parametrize("text", [b"x\n", b"0, 1, 2\n", b"0,1,2,3,4,0x0\nnonsense\n", b"0, 1"])
def test_other_text_is_not_taken_for_packets(text: bytes) -> None:
    with pytest.raises(MediaFailed):
        parse(text)
