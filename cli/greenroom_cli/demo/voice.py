"""A synthetic voice: espeak-ng from a wheel, through its C interface (speak_lib.h)."""

from __future__ import annotations

import ctypes
import wave
from pathlib import Path

import espeakng_loader

_RETRIEVAL = 1  # AUDIO_OUTPUT_RETRIEVAL: samples come back through the callback, nothing is played
_UTF8_SSML = 1 | 0x10  # espeakCHARS_UTF8 | espeakSSML
_RATE = 1  # espeakRATE
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def speak(text: str, path: Path, *, voice: str = "en-us", words_per_minute: int = 150) -> None:
    """Write `text` (SSML), spoken, to a mono 16-bit WAV file. Raises RuntimeError with espeak's code."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = str(Path(espeakng_loader.get_data_path()).parent).encode()
    rate = library.espeak_Initialize(_RETRIEVAL, 0, data, 0)
    if rate <= 0:
        raise RuntimeError(f"espeak_Initialize: {rate}")
    pieces: list[bytes] = []

    def take(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    callback = _CALLBACK(take)
    library.espeak_SetSynthCallback(callback)
    try:
        _check(library.espeak_SetVoiceByName(voice.encode()), "espeak_SetVoiceByName")
        _check(library.espeak_SetParameter(_RATE, words_per_minute, 0), "espeak_SetParameter")
        body = text.encode() + b"\0"
        _check(
            library.espeak_Synth(body, ctypes.c_size_t(len(body)), 0, 0, 0, _UTF8_SSML, None, None),
            "espeak_Synth",
        )
        _check(library.espeak_Synchronize(), "espeak_Synchronize")
    finally:
        library.espeak_Terminate()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(pieces))


def _check(code: int, call: str) -> None:
    if code != 0:
        raise RuntimeError(f"{call}: {code}")
