"""Envelopes: what was sealed opens under its own name with a known key, and otherwise not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.runtime.envelope import Envelope, Unreadable

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
NAME = "identity/itv_a/card"


@given(st.binary(max_size=5000))
def test_what_was_sealed_opens(plain: bytes) -> None:
    envelope = Envelope(KEY)
    sealed = envelope.seal(NAME, plain)
    assert envelope.open(NAME, sealed) == plain
    assert len(plain) < 8 or plain not in sealed


def test_the_same_picture_is_never_sealed_alike() -> None:
    envelope = Envelope(KEY)
    assert envelope.seal(NAME, b"picture") != envelope.seal(NAME, b"picture")


def test_under_another_name_it_does_not_open() -> None:
    sealed = Envelope(KEY).seal(NAME, b"picture")
    with pytest.raises(Unreadable, match="altered or moved"):
        Envelope(KEY).open("identity/itv_b/card", sealed)


@given(st.integers(0, 5000), st.integers(1, 255))
def test_one_changed_byte_is_noticed(at: int, by: int) -> None:
    sealed = bytearray(Envelope(KEY).seal(NAME, b"picture" * 20))
    sealed[at % len(sealed)] ^= by
    with pytest.raises(Unreadable):
        Envelope(KEY).open(NAME, bytes(sealed))


@given(st.binary(max_size=200))
def test_any_other_bytes_are_unreadable(raw: bytes) -> None:
    for sealed in (raw, b"GRE1" + raw, Envelope(KEY).seal(NAME, b"picture")[: len(raw)]):
        with pytest.raises(Unreadable):
            Envelope(KEY).open(NAME, sealed)


def test_a_former_key_still_opens_and_seals_no_more() -> None:
    old = Envelope(OTHER).seal(NAME, b"picture")
    turned = Envelope(KEY, [OTHER])
    assert turned.open(NAME, old) == b"picture"
    new = turned.seal(NAME, b"picture")
    assert Envelope(KEY).open(NAME, new) == b"picture"
    with pytest.raises(Unreadable, match="another key"):
        Envelope(OTHER).open(NAME, new)
