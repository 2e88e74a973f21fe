"""The module `speech` on recordings: its golden one, tones and noise, silence, and ten minutes."""

import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from benchmarks.accuracy import voice
from greenroom.domain.analysis import NotMeasured, Observation, in_order
from greenroom.domain.asked import Asked
from greenroom.domain.template import Question
from greenroom_cli.demo.voice import speak
from greenroom_media.binary import find
from greenroom_speech.activity import model_digest
from greenroom_speech.module import SpeechModule
from tests.media_fixtures import OPUS, VP8, MediaWorkshop, picture, sound

GOLDEN = Path(str(resources.files("greenroom_speech") / "golden" / "two_sentences.webm"))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


def observe(path: Path) -> list[Observation]:
    return SpeechModule().observe({"camera": path})


def test_the_self_test_passes_and_the_model_is_named() -> None:
    SpeechModule().self_test()
    assert model_digest() == SpeechModule().model_digest()
    assert len(model_digest()) == 64


def test_two_sentences_and_the_pause_between_them() -> None:
    found = observe(GOLDEN)
    speech = [(item.start_s, item.end_s) for item in found if item.kind == "speech"]
    (pause,) = [item for item in found if item.kind == "pause"]
    assert [time for pair in speech for time in pair] == pytest.approx(
        [1.0, 2.95, 5.3, 7.35], abs=0.2
    )
    assert (pause.start_s, pause.end_s) == (speech[0][1], speech[1][0])
    assert {item.kind for item in found} <= set(SpeechModule.provides)
    assert found == in_order(found) == observe(GOLDEN)


def test_findings_are_the_observations_and_a_waveform_of_few_bytes_each_time_the_same() -> None:
    asked = Asked(question=Question(id="first", text={"en": "Why?"}))
    one, two = (SpeechModule().findings({"camera": GOLDEN}, asked) for _ in range(2))
    assert one == two
    assert one.observations == observe(GOLDEN)
    assert one.waveform is not None
    loud = [number for number, peak in enumerate(one.waveform.peaks) if peak > 5]
    assert loud[0] * one.waveform.step_s == pytest.approx(1.0, abs=0.1)
    assert len(one.waveform.canonical()) < 2000


def test_speech_is_found_where_the_script_has_it_also_in_a_noisy_room(tmp_path: Path) -> None:
    assert voice.figures(tmp_path, {"office": 25.0})["vad_f1"] >= voice.AIM


def test_who_speaks_faster_is_measured_so(tmp_path: Path) -> None:
    def spoken(words_per_minute: int) -> dict[str, float]:
        said, webm = tmp_path / "said.wav", tmp_path / f"{words_per_minute}.webm"
        text = "We opened the second shop in March and people came at once. " * 3
        speak(f"<speak>{text}</speak>", said, words_per_minute=words_per_minute)
        subprocess.run([find().path, "-v", "error", "-y", "-i", said, *OPUS, webm], check=True)
        return {item.kind: item.value for item in observe(webm)}

    slow, fast = spoken(110), spoken(190)
    assert slow["articulation_rate"] * 1.3 < fast["articulation_rate"]
    assert slow["speaking_rate"] <= slow["articulation_rate"]


@pytest.mark.parametrize(
    "expression",
    ["0.3*sin(2*PI*440*t)", "0.2*(random(0)-0.5)", "0"],
    ids=["tone", "noise", "silence"],
)
def test_what_is_no_speech_is_not_measured(workshop: MediaWorkshop, expression: str) -> None:
    clip = workshop.make(".webm", sound(expression, 12), OPUS)
    with pytest.raises(NotMeasured, match="no speech to measure: 0"):
        observe(clip)


def test_a_recording_without_sound_is_not_measured(workshop: MediaWorkshop) -> None:
    clip = workshop.make(".webm", picture(2), VP8)
    with pytest.raises(NotMeasured, match="no sound"):
        observe(clip)


def test_memory_does_not_grow_with_the_recording(workshop: MediaWorkshop) -> None:
    def repeated(times: int) -> Path:
        again = ("-stream_loop", str(times - 1), "-i", str(GOLDEN), "-c", "copy")
        return workshop.make(".webm", again)

    def peak_mb(path: Path) -> float:
        program = (
            "import resource, sys; from pathlib import Path;"
            "from greenroom_speech.module import SpeechModule;"
            "SpeechModule().observe({'camera': Path(sys.argv[1])});"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
        )
        return float(ran.stdout)

    one, ten = peak_mb(repeated(7)), peak_mb(repeated(70))
    assert ten < one * 1.2


@pytest.mark.testdata
@pytest.mark.skipif("GREENROOM_TESTDATA" not in os.environ, reason="GREENROOM_TESTDATA is not set")
@pytest.mark.parametrize(("name", "share"), [("answer_zh.webm", 0.66), ("answer_en.webm", 0.68)])
def test_people_are_heard(name: str, share: float) -> None:
    found = observe(Path(os.environ["GREENROOM_TESTDATA"]) / "clips" / name)
    whole = next(item for item in found if item.kind == "speech_share")
    assert whole.value == pytest.approx(share, abs=0.1)
    assert whole.confidence > 0.8
