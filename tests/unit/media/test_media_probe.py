"""Probing tells what packets say, and refuses what is not a recording."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from greenroom_media.binary import Binary
from greenroom_media.errors import MediaRefused, Refusal
from greenroom_media.probe import probe, probe_bytes
from greenroom_media.rules import Rules
from greenroom_media.sniff import Kind
from tests.media_fixtures import (
    AAC,
    FRAGMENTED,
    H264,
    OPUS,
    VP8,
    VP9,
    MediaWorkshop,
    claim_size,
    parts_of,
    picture,
    tone,
    turned,
)


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(MediaRefused) as raised:
        probe(path, **options)  # type: ignore[arg-type]
    assert raised.value.permanent
    return raised.value.code


def test_a_live_webm_has_its_real_length(each_ffmpeg: Binary, workshop: MediaWorkshop) -> None:
    facts = probe(workshop.webm(4))
    assert facts.container == "webm"
    assert facts.duration_s == pytest.approx(4, abs=0.05)
    assert facts.video is not None and facts.audio is not None
    assert (facts.video.codec, facts.video.width, facts.video.height) == ("vp8", 320, 180)
    assert facts.video.packets == 120
    assert facts.video.fps == pytest.approx(30, abs=0.1)
    assert facts.video.mean_fps == pytest.approx(30, abs=0.1)
    assert facts.video.key_frames_s == pytest.approx([0, 1, 2, 3], abs=0.05)
    assert facts.video.gaps == ()
    assert (facts.audio.codec, facts.audio.sample_rate, facts.audio.channels) == (
        "opus",
        48_000,
        "mono",
    )
    assert facts.audio.end_s - facts.audio.start_s == pytest.approx(4, abs=0.05)


def test_browsers_matroska(workshop: MediaWorkshop) -> None:
    facts = probe(workshop.mkv(4))
    assert facts.container == "matroska"
    assert facts.video is not None and facts.audio is not None
    assert (facts.video.codec, facts.audio.codec) == ("h264", "opus")
    assert facts.duration_s == pytest.approx(4, abs=0.05)


@pytest.mark.parametrize("options", [(), ("-movflags", "+faststart"), FRAGMENTED])
def test_mp4_wherever_its_index_is(
    options: tuple[str, ...], each_ffmpeg: Binary, workshop: MediaWorkshop
) -> None:
    facts = probe(workshop.mp4(4, *options))
    assert facts.container == "mp4"
    assert facts.video is not None and facts.audio is not None
    assert (facts.video.codec, facts.audio.codec) == ("h264", "aac")
    assert facts.duration_s == pytest.approx(4, abs=0.05)
    assert facts.video.fps == pytest.approx(30, abs=0.01)


def test_a_screen_has_no_sound(workshop: MediaWorkshop) -> None:
    facts = probe(workshop.screen(4))
    assert facts.audio is None
    assert facts.video is not None and facts.video.fps == pytest.approx(15, abs=0.1)


def test_bytes_through_a_pipe_give_the_same_facts(workshop: MediaWorkshop) -> None:
    path = workshop.webm(4)
    assert probe_bytes(parts_of(path), Kind.WEBM) == probe(path)


def test_a_truncated_file_is_as_long_as_what_is_left(
    each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    whole = workshop.make(".webm", picture(8), tone(8), VP8, OPUS)  # its header claims 8 s
    half = tmp_path / "half.webm"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert 2 < probe(half).duration_s < 6


def test_a_hole_is_a_gap(each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path) -> None:
    parts = parts_of(workshop.webm(12))
    third = len(parts) // 3
    path = tmp_path / "hole.webm"
    path.write_bytes(b"".join(parts[:third] + parts[2 * third :]))
    facts = probe(path)
    assert facts.duration_s == pytest.approx(12, abs=0.1)
    assert facts.video is not None and facts.video.mean_fps is not None
    [gap] = facts.video.gaps
    assert gap.start_s == pytest.approx(4, abs=1.5) and gap.end_s == pytest.approx(8, abs=1.5)
    assert facts.video.mean_fps < 25 < 29 < (facts.video.fps or 0)


def test_rotation_and_display_size(
    each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    path = tmp_path / "turned.mp4"
    path.write_bytes(turned(workshop.mp4(2, "-movflags", "+faststart").read_bytes(), 1))
    video = probe(path).video
    assert video is not None
    assert video.rotation == 90
    assert (video.width, video.height) == (320, 180)
    assert video.display_size == (180, 320)


def test_empty_and_foreign_bytes(tmp_path: Path) -> None:
    path = tmp_path / "empty.webm"
    path.write_bytes(b"")
    assert refusal(path) == Refusal.EMPTY
    path.write_bytes(b"\x00" * 5000)
    assert refusal(path) == Refusal.CONTAINER


def test_a_container_without_anything_in_it(workshop: MediaWorkshop) -> None:
    head = workshop.webm(4).read_bytes()[:120]
    with pytest.raises(MediaRefused):
        probe_bytes([head], Kind.WEBM)
    with pytest.raises(MediaRefused) as raised:
        probe_bytes([b"\x1a\x45\xdf\xa3" + b"\xff" * 5000], Kind.WEBM)
    assert raised.value.code == Refusal.UNREADABLE


def test_an_mp4_whose_index_was_cut_off(workshop: MediaWorkshop, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(workshop.mp4(4).read_bytes()[:60_000])
    assert refusal(path) == Refusal.UNREADABLE


def test_no_picture(workshop: MediaWorkshop) -> None:
    path = workshop.voice_only()
    assert refusal(path) == Refusal.NO_VIDEO
    facts = probe(path, need_video=False)
    assert facts.video is None
    assert facts.audio is not None and facts.duration_s == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        (".mkv", ("-c:v", "ffv1")),
        (".mkv", ("-c:v", "wmv2")),
        (".mp4", ("-c:v", "mpeg4")),
        (".mkv", ("-c:v", "mjpeg")),
    ],
)
def test_unknown_picture_codecs(
    suffix: str, codec: tuple[str, ...], each_ffmpeg: Binary, workshop: MediaWorkshop
) -> None:
    assert refusal(workshop.make(suffix, picture(1), codec)) == Refusal.CODEC


def test_unknown_sound_codecs(workshop: MediaWorkshop) -> None:
    path = workshop.make(".mkv", picture(1), tone(1), H264, ("-c:a", "ac3"))
    assert refusal(path) == Refusal.CODEC


@pytest.mark.parametrize("codec", [VP8, VP9, H264])
def test_a_header_that_claims_a_huge_picture(
    codec: tuple[str, ...], each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    clip = workshop.make(".mkv", picture(1, "640x360"), codec)
    path = tmp_path / "huge.mkv"
    path.write_bytes(claim_size(clip, (640, 360), (20_000, 20_000)))
    assert refusal(path) == Refusal.PICTURE_TOO_LARGE


def test_an_mp4_header_that_claims_a_huge_picture(
    each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    clip = workshop.make(".mp4", picture(1, "640x360"), H264)
    path = tmp_path / "huge.mp4"
    path.write_bytes(claim_size(clip, (640, 360), (20_000, 20_000)))
    assert refusal(path) == Refusal.PICTURE_TOO_LARGE


def test_rules_bound_size_length_and_packets(workshop: MediaWorkshop) -> None:
    path = workshop.webm(4)
    assert refusal(path, rules=Rules(max_width=300)) == Refusal.PICTURE_TOO_LARGE
    assert refusal(path, rules=Rules(max_duration_s=3)) == Refusal.TOO_LONG
    assert refusal(path, rules=Rules(max_packets=100)) == Refusal.TOO_MANY_PACKETS
    assert probe(path, rules=Rules(max_width=320, max_height=180)).video is not None


def test_portrait_is_held_to_the_same_size(workshop: MediaWorkshop) -> None:
    path = workshop.make(".webm", picture(1, "180x320"), VP8)
    assert probe(path, rules=Rules(max_width=320, max_height=180)).video is not None


def test_absurd_times(each_ffmpeg: Binary, workshop: MediaWorkshop) -> None:
    late = ("-output_ts_offset", "900000")
    path = workshop.make(".mkv", picture(1), H264, late)
    assert refusal(path) == Refusal.TIMESTAMPS


def test_a_recorder_that_counts_from_the_pages_start(workshop: MediaWorkshop) -> None:
    path = workshop.make(".mkv", picture(2), tone(2), H264, AAC, ("-output_ts_offset", "5000"))
    facts = probe(path)
    assert facts.duration_s == pytest.approx(2, abs=0.05)
    assert facts.video is not None and facts.video.start_s < 0.1


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"
SCRIPTS = [PLAYLIST, "ffconcat version 1.0\nfile '{}'\n", "file '{}'\n", "{}\n"]


@pytest.mark.parametrize("name", ["answer.webm", "answer.mp4", "-i.webm", "concat:answer.mkv"])
def test_a_renamed_script_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    for script in SCRIPTS:
        path.write_text(script.format("/etc/passwd"))
        assert refusal(path) == Refusal.CONTAINER


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_open_nothing(script: str, each_ffmpeg: Binary) -> None:
    """Should the sniffer ever be wrong, ffmpeg itself follows no playlist: its demuxer is fixed."""
    with socket.create_server(("127.0.0.1", 0)) as witness:
        witness.settimeout(0.05)
        target = f"http://127.0.0.1:{witness.getsockname()[1]}/x.ts"
        for body in (script.format(target), script.format("/etc/passwd")):
            with pytest.raises(MediaRefused) as raised:
                probe_bytes([body.encode()], Kind.WEBM)
            assert raised.value.code == Refusal.UNREADABLE
            assert "root:" not in raised.value.detail
        with pytest.raises(TimeoutError):
            witness.accept()


def test_odd_file_names_are_only_names(workshop: MediaWorkshop, tmp_path: Path) -> None:
    for name in ("-i.webm", "concat:a|b.webm", "http:x.webm", "a%03d.webm", "答案 1.webm"):
        path = tmp_path / name
        path.write_bytes(workshop.webm(2).read_bytes())
        assert probe(path).duration_s == pytest.approx(2, abs=0.05)
