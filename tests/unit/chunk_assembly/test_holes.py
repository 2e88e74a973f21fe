"""Holes: filled or searched across so that what lies behind them keeps its place."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from functions.chunk_assembly.holes import BLOCK_BYTES, Hole, bridged
from tests.attempt_fixtures import cut

FTYP = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0)
WEBM = bytes.fromhex("1a45dfa3934282847765626d")


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def fragment(fill: int) -> bytes:
    return box(b"moof", bytes([fill]) * 40) + box(b"mdat", bytes([fill]) * 200)


def joined(*pieces: bytes | Hole) -> bytes:
    return b"".join(bridged(pieces))


@given(st.integers(1, 60))
def test_without_holes_every_byte_passes(count: int) -> None:
    body = FTYP + fragment(1) + fragment(2)
    assert joined(*cut(body, count)) == body


def test_a_hole_inside_a_box_keeps_what_follows_at_its_place() -> None:
    body = FTYP + box(b"mdat", bytes(range(100))) + box(b"moov", b"index")
    filled = joined(body[:40], Hole(30), body[70:])
    assert filled == body[:40] + bytes(30) + body[70:]


def test_a_hole_across_boxes_completes_the_first_and_goes_on_with_the_next_fragment() -> None:
    body = FTYP + fragment(1) + fragment(2) + fragment(3)
    cut_at, on_at = 16 + 48 + 50, 16 + 2 * 256 - 20
    bridge = joined(body[:cut_at], Hole(on_at - cut_at), body[on_at:])
    assert bridge == FTYP + fragment(1)[: 48 + 50] + bytes(256 - 98) + fragment(3)


def test_whole_fragments_that_are_lost_leave_no_trace() -> None:
    lost = Hole(len(fragment(2)))
    assert joined(FTYP + fragment(1), lost, fragment(3)) == FTYP + fragment(1) + fragment(3)


@given(st.integers(1, 30))
def test_the_next_fragment_is_found_however_its_name_is_cut(count: int) -> None:
    behind = cut(b"rest of a lost fragment" + fragment(3), count)
    assert joined(FTYP + fragment(1), Hole(None), *behind) == FTYP + fragment(1) + fragment(3)


def test_matroska_is_filled_up_to_the_largest_block() -> None:
    assert joined(WEBM, Hole(5), b"more") == WEBM + bytes(5) + b"more"
    assert len(joined(WEBM, Hole(2**40), b"more")) == len(WEBM) + BLOCK_BYTES + 4
    assert joined(WEBM, Hole(5), Hole(None), b"more")[-4:] == b"more"


def test_holes_at_the_ends_stay_open() -> None:
    assert joined(Hole(5), WEBM, Hole(5)) == WEBM


def test_a_claim_of_a_huge_hole_writes_no_huge_file() -> None:
    body = FTYP + struct.pack(">I4sQ", 1, b"mdat", 2**50) + b"samples"
    assert len(joined(body, Hole(2**45), b"more")) < 1000


@given(st.lists(st.one_of(st.binary(max_size=40), st.builds(Hole, st.integers(0, 50))), max_size=8))
def test_hostile_bytes_break_nothing(pieces: list[bytes | Hole]) -> None:
    assert isinstance(joined(FTYP, *pieces), bytes)
