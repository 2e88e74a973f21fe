"""Names a container by its first bytes, so that only Matroska, WebM and MP4 ever reach ffmpeg.

File names and MIME types are the sender's claim and are not looked at. A playlist or a concat script
would make ffmpeg open other files and addresses; it has a name here and no demuxer.
"""

from __future__ import annotations

from enum import StrEnum

from greenroom_media.errors import MediaRefused, Refusal

HEAD_BYTES = 4096
"""How many of a file's first bytes `sniff` wants to see."""


class Kind(StrEnum):
    """What the first bytes are."""

    WEBM = "webm"
    MATROSKA = "matroska"
    MP4 = "mp4"
    QUICKTIME = "quicktime"
    EMPTY = "empty"
    PLAYLIST = "m3u8 playlist"
    CONCAT_SCRIPT = "ffconcat script"
    MARKUP = "markup"
    TEXT = "text"
    IMAGE = "image"
    ARCHIVE = "archive"
    AUDIO = "audio file"
    AVI = "avi"
    MPEG_TS = "mpegts"
    MPEG_PS = "mpegps"
    ASF = "asf"
    FLV = "flv"
    OGG = "ogg"
    DOCUMENT = "document"
    PROGRAM = "program"
    UNKNOWN = "unknown"

    @property
    def demuxer(self) -> str | None:
        """The one ffmpeg demuxer that may read it, None where none may."""
        return _DEMUXERS.get(self)

    @property
    def suffix(self) -> str:
        """The file name's ending for bytes of this kind."""
        return _SUFFIXES.get(self, ".bin")


_DEMUXERS = {
    Kind.WEBM: "matroska",
    Kind.MATROSKA: "matroska",
    Kind.MP4: "mov",
    Kind.QUICKTIME: "mov",
}
_SUFFIXES = {Kind.WEBM: ".webm", Kind.MATROSKA: ".mkv", Kind.MP4: ".mp4", Kind.QUICKTIME: ".mov"}

_EBML = b"\x1a\x45\xdf\xa3"
_DOC_TYPE = b"\x42\x82"

_STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", Kind.IMAGE),
    (b"\x89PNG", Kind.IMAGE),
    (b"GIF8", Kind.IMAGE),
    (b"BM", Kind.IMAGE),
    (b"II*\x00", Kind.IMAGE),
    (b"MM\x00*", Kind.IMAGE),
    (b"PK\x03\x04", Kind.ARCHIVE),
    (b"PK\x05\x06", Kind.ARCHIVE),
    (b"\x1f\x8b", Kind.ARCHIVE),
    (b"BZh", Kind.ARCHIVE),
    (b"7z\xbc\xaf", Kind.ARCHIVE),
    (b"Rar!", Kind.ARCHIVE),
    (b"\xfd7zXZ", Kind.ARCHIVE),
    (b"ID3", Kind.AUDIO),
    (b"fLaC", Kind.AUDIO),
    (b"\xff\xfb", Kind.AUDIO),
    (b"\xff\xf1", Kind.AUDIO),
    (b"\x00\x00\x01\xba", Kind.MPEG_PS),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind.ASF),
    (b"FLV\x01", Kind.FLV),
    (b"OggS", Kind.OGG),
    (b"%PDF", Kind.DOCUMENT),
    (b"\x7fELF", Kind.PROGRAM),
    (b"MZ", Kind.PROGRAM),
    (b"#!", Kind.PROGRAM),
)
_RIFF = {b"AVI ": Kind.AVI, b"WAVE": Kind.AUDIO, b"WEBP": Kind.IMAGE}
_STILL_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"}
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")


def sniff(head: bytes) -> Kind:
    """The kind of a file whose first `HEAD_BYTES` bytes (or all, if it has fewer) are `head`."""
    head = head[:HEAD_BYTES]
    if not head:
        return Kind.EMPTY
    if head.startswith(_EBML):
        return _matroska(head)
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], Kind.UNKNOWN)
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[0] == 0x47 and len(head) > 376 and head[188] == 0x47 and head[376] == 0x47:
        return Kind.MPEG_TS
    return _text(head)


def accepted(head: bytes) -> Kind:
    """`sniff`, but raises `MediaRefused` for everything that ffmpeg may not see."""
    kind = sniff(head)
    if kind is Kind.EMPTY:
        raise MediaRefused(Refusal.EMPTY, "the recording has no bytes")
    if kind.demuxer is None:
        raise MediaRefused(
            Refusal.CONTAINER,
            f"the recording is not WebM, Matroska or MP4 but: {kind.value}",
            container=kind.value,
        )
    return kind


def _matroska(head: bytes) -> Kind:
    """WebM and Matroska differ by the DocType in the EBML header (RFC 8794, section 11.2.4)."""
    at = head.find(_DOC_TYPE, 4, 128)
    if at < 0 or at + 3 > len(head):
        return Kind.UNKNOWN
    length = head[at + 2] & 0x7F
    doc_type = head[at + 3 : at + 3 + length].rstrip(b"\x00")
    return {b"webm": Kind.WEBM, b"matroska": Kind.MATROSKA}.get(doc_type, Kind.UNKNOWN)


def _iso_media(head: bytes) -> Kind:
    brand = head[8:12]
    if brand in _STILL_BRANDS:
        return Kind.IMAGE
    return Kind.QUICKTIME if brand == b"qt  " else Kind.MP4


def _text(head: bytes) -> Kind:
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body.startswith(b"#EXT"):
        return Kind.PLAYLIST
    lowered = body[:64].lower()
    if lowered.startswith((b"ffconcat", b"file ", b"file\t")):
        return Kind.CONCAT_SCRIPT
    if lowered.startswith((b"<!doctype", b"<html", b"<?xml", b"<svg", b"<mpd")):
        return Kind.MARKUP
    if all(byte >= 0x20 or byte in _TEXT_CONTROLS for byte in head):
        return Kind.TEXT
    return Kind.UNKNOWN
