"""Degraded twins of a good clip; what is wrong with each is known, because we made it so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.accuracy import sounds
from benchmarks.accuracy.clips import Clip, ffmpeg
from benchmarks.accuracy.sounds import Span
from greenroom_media.probe import probe

SPAN = (4.7, 10.9)
"""Seconds of a picture's defect; on no key frame."""
LONG = (3.3, 14.6)
"""Seconds of silence: at the default tiers less than half a recording is no defect."""
SHORT_S = 3.0
LEAST_S = 8.0
"""What every question asks for: only the twin that was cut short has less."""

_INSIDE = f"enable='between(t,{SPAN[0]},{SPAN[1]})'"
_PICTURES = {
    "blur": (f"gblur=sigma=8:{_INSIDE}", "blur_share"),
    "blur_box": (f"avgblur=sizeX=14:{_INSIDE}", "blur_share"),
    "black": (f"drawbox=color=black:t=fill:{_INSIDE}", "black_share"),
    "covered_dark": (
        f"drawbox=color=0x281410:t=fill:{_INSIDE},noise=alls=8:allf=t:{_INSIDE}",
        "covered_share",
    ),
    "covered_bright": (
        f"drawbox=color=0xb09080:t=fill:{_INSIDE},noise=alls=5:allf=t:{_INSIDE}",
        "covered_share",
    ),
    "low_light": (
        f"lutyuv=y='16+(val-16)*0.25':u='128+(val-128)*0.4':v='128+(val-128)*0.4':{_INSIDE},"
        f"noise=alls=6:allf=t:{_INSIDE}",
        "low_light_share",
    ),
    "low_light_dim": (f"eq=brightness=-0.35:{_INSIDE}", "low_light_share"),
}
_NOBODY = {"test_card": "testsrc2", "fractal": "mandelbrot"}


@dataclass(frozen=True)
class Twin:
    """A spoilt recording and its labels.

    `defects`: finding codes that must be raised, with the seconds where the defect is (none for a defect of
    the whole). `unknown`: codes about which the making says nothing. `snr_db`: the ratio that was made.
    """

    kind: str
    path: Path
    defects: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    snr_db: float | None = None


def twins(clip: Clip, folder: Path, kinds: frozenset[str] | None = None) -> Iterator[Twin]:
    """The clip itself and its twins, made when asked for; `kinds` chooses among them."""
    for kind, make in _makers(clip, folder).items():
        if kinds is None or kind in kinds:
            yield make()


def _makers(clip: Clip, folder: Path) -> dict[str, Callable[[], Twin]]:
    def path(kind: str) -> Path:
        return folder / f"{clip.name}-{kind}{clip.suffix}"

    def good() -> Twin:
        return Twin("good", clip.path, unknown=frozenset({"snr_db"}))

    def pictured(kind: str, graph: str, code: str, spans: tuple[Span, ...] = (SPAN,)) -> Twin:
        made = path(kind)
        if not made.exists():
            words = ("-i", clip.path, "-filter_complex", f"[0:v]{graph}[v]", "-map", "[v]")
            ffmpeg(*words, "-map", "0:a?", "-c:a", "copy", *clip.video, made)
        return Twin(kind, made, {code: spans}, frozenset({"snr_db"}))

    def sounded(kind: str, change: Callable[[sounds.Samples], sounds.Samples]) -> Path:
        made = path(kind)
        if not made.exists():
            _with_sound(clip, change(sounds.read(clip.path)), made)
        return made

    def noisy(ratio_db: float) -> Twin:
        _, ratio = sounds.white_noise(sounds.read(clip.path), ratio_db)
        made = sounded(f"noise_{ratio_db:g}", lambda sound: sounds.white_noise(sound, ratio_db)[0])
        # At the target itself either word is right; the ratio is held against the label in any case.
        certain = ratio < 37
        defects: dict[str, tuple[Span, ...]] = {"snr_db": ()} if certain else {}
        return Twin(
            f"noise_{ratio_db:g}",
            made,
            defects,
            frozenset() if certain else frozenset({"snr_db"}),
            ratio,
        )

    def clipped() -> Twin:
        _, spans = sounds.clipped(sounds.read(clip.path), *SPAN)
        made = sounded("clipped", lambda sound: sounds.clipped(sound, *SPAN)[0])
        return Twin("clipped", made, {"clipping_share": spans}, frozenset({"snr_db"}))

    def silent() -> Twin:
        _, spans = sounds.silent(sounds.read(clip.path), *LONG)
        made = sounded("silent", lambda sound: sounds.silent(sound, *LONG)[0])
        return Twin("silent", made, {"silence_share": spans}, frozenset({"snr_db"}))

    def slow() -> Twin:
        return pictured("fps_12", "fps=12", "fps", ())

    def short() -> Twin:
        made = path("short")
        if not made.exists():
            ffmpeg("-t", f"{SHORT_S:g}", "-i", clip.path, *clip.video, *clip.audio, made)
        unknown = frozenset({"snr_db", "silence_share"})
        return Twin("short", made, {"duration_s": ()}, unknown)

    def late() -> Twin:
        made = path("late_sound")
        if not made.exists():
            again = ("-i", clip.path, "-itsoffset", "0.3", "-i", clip.path)
            ffmpeg(*again, "-map", "0:v", "-map", "1:a", "-c", "copy", made)
        return Twin("late_sound", made, {"av_offset_s": ()}, frozenset({"snr_db", "av_drift_s"}))

    makers: dict[str, Callable[[], Twin]] = {"good": good}
    for kind, (graph, code) in _PICTURES.items():
        makers[kind] = lambda kind=kind, graph=graph, code=code: pictured(kind, graph, code)  # type: ignore[misc]
    makers["frozen"] = lambda: pictured("frozen", _frozen(clip), "frozen_share")
    for kind, source in _NOBODY.items():
        makers[f"nobody_{kind}"] = lambda kind=kind, source=source: pictured(  # type: ignore[misc]
            f"nobody_{kind}", _nobody(clip, source), "no_face_share"
        )
    makers["two_faces"] = lambda: pictured("two_faces", _two_faces(), "several_faces_share")
    for ratio_db in (10.0, 20.0, 40.0):
        makers[f"noise_{ratio_db:g}"] = lambda ratio_db=ratio_db: noisy(ratio_db)  # type: ignore[misc]
    return makers | {
        "clipped": clipped,
        "silent": silent,
        "fps_12": slow,
        "short": short,
        "late_sound": late,
    }


def _frozen(clip: Clip) -> str:
    fps = _fps(clip.path)
    first, last = (round(at * fps) for at in SPAN)
    return (
        f"fps={fps:g},split[moves][one];"
        f"[moves][one]freezeframes=first={first}:last={last - 1}:replace={first}"
    )


def _nobody(clip: Clip, source: str) -> str:
    """Another picture instead of the person."""
    columns, rows = _size(clip.path)
    return (
        f"null[person];{source}=size={columns}x{rows}:rate=25,format=yuv420p,trim=end={SPAN[1] + 1}[other];"
        f"[person][other]overlay=eof_action=pass:{_INSIDE}"
    )


def _two_faces() -> str:
    """The person twice, side by side, in the middle of the picture's height."""
    return (
        "split=3[whole][one][two];[one]scale=iw/2:ih/2[left];[two]hflip,scale=iw/2:ih/2[right];"
        "[left][right]hstack,pad=iw:ih*2:0:ih/2:color=gray[pair];"
        f"[whole][pair]overlay={_INSIDE}"
    )


def _with_sound(clip: Clip, sound: sounds.Samples, made: Path) -> None:
    part = made.with_name(f".{made.stem}.f32")
    part.write_bytes(sound.tobytes())
    raw = ("-f", "f32le", "-ar", str(sounds.RATE), "-ac", "1", "-i", part)
    copied = ("-i", clip.path, *raw, "-map", "0:v", "-map", "1:a", "-c:v", "copy")
    ffmpeg(*copied, *clip.audio, made)
    part.unlink()


def _fps(path: Path) -> float:
    video = probe(path).video
    assert video is not None and video.fps is not None
    return float(round(video.fps))


def _size(path: Path) -> tuple[int, int]:
    video = probe(path).video
    assert video is not None
    return video.display_size
