"""Containers are named by their bytes; nothing but WebM, Matroska and MP4 gets an ffmpeg demuxer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom_media.errors import MediaRefused
from greenroom_media.sniff import HEAD_BYTES, Kind, accepted, sniff

EBML = b"\x1a\x45\xdf\xa3"
WEBM = EBML + b"\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82\x84webm\x42\x87\x81\x04"

EXAMPLES = [
    (WEBM, Kind.WEBM),
    (EBML + b"\x93\x42\x82\x88matroska\x42\x87\x81\x01", Kind.MATROSKA),
    (EBML + b"\x93\x42\x82\x84evil", Kind.UNKNOWN),
    (EBML, Kind.UNKNOWN),
    (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomavc1", Kind.MP4),
    (b"\x00\x00\x00\x14ftypqt  \x20\x05\x03\x00qt  ", Kind.QUICKTIME),
    (b"\x00\x00\x00\x1cftypavif", Kind.IMAGE),
    (b"", Kind.EMPTY),
    (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", Kind.PLAYLIST),
    (b"\xef\xbb\xbf  \n#EXTM3U\n", Kind.PLAYLIST),
    (b"ffconcat version 1.0\nfile '/etc/passwd'\n", Kind.CONCAT_SCRIPT),
    (b"file '/etc/passwd'\n", Kind.CONCAT_SCRIPT),
    (b"<?xml version='1.0'?><MPD></MPD>", Kind.MARKUP),
    (b"<!DOCTYPE html><html>", Kind.MARKUP),
    (b"a candidate's notes\n", Kind.TEXT),
    (b"PK\x03\x04rest", Kind.ARCHIVE),
    (b"\x89PNG\r\n\x1a\n", Kind.IMAGE),
    (b"\xff\xd8\xff\xe0", Kind.IMAGE),
    (b"RIFF\x00\x00\x00\x00AVI LIST", Kind.AVI),
    (b"RIFF\x00\x00\x00\x00WAVEfmt ", Kind.AUDIO),
    (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Kind.IMAGE),
    ((b"\x47" + b"\x00" * 187) * 3, Kind.MPEG_TS),
    (b"\x00\x00\x01\xba\x44\x00", Kind.MPEG_PS),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", Kind.ASF),
    (b"OggS\x00\x02", Kind.OGG),
    (b"FLV\x01\x05", Kind.FLV),
    (b"%PDF-1.7", Kind.DOCUMENT),
    (b"\x7fELF\x02", Kind.PROGRAM),
    (b"\x00" * 64, Kind.UNKNOWN),
]


@pytest.mark.parametrize(("head", "kind"), EXAMPLES)
def test_names_what_the_bytes_are(head: bytes, kind: Kind) -> None:
    assert sniff(head) is kind


@pytest.mark.parametrize(("head", "kind"), EXAMPLES)
def test_refuses_all_but_three_containers(head: bytes, kind: Kind) -> None:
    if kind in {Kind.WEBM, Kind.MATROSKA, Kind.MP4, Kind.QUICKTIME}:
        assert accepted(head) is kind
        return
    with pytest.raises(MediaRefused) as refused:
        accepted(head)
    assert refused.value.code == ("media_empty" if kind is Kind.EMPTY else "media_container")
    assert refused.value.permanent


@given(st.binary(max_size=2 * HEAD_BYTES))
def test_any_bytes_have_a_kind(head: bytes) -> None:
    assert isinstance(sniff(head), Kind)


@given(st.sampled_from([head for head, _ in EXAMPLES]), st.integers(0, 60), st.binary(max_size=20))
def test_cut_and_altered_heads_have_a_kind(head: bytes, keep: int, tail: bytes) -> None:
    assert isinstance(sniff(head[:keep] + tail), Kind)


@given(st.text(max_size=400))
def test_no_text_is_ever_given_to_ffmpeg(text: str) -> None:
    head = text.encode()
    if head[4:8] != b"ftyp":
        assert sniff(head).demuxer is None
