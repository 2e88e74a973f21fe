"""The module `language` with a real engine and its real process, and with processes that misbehave."""

import shutil
import sys
from importlib import resources
from pathlib import Path

import pocketsphinx
import pytest
import structlog

from greenroom.domain.analysis import NotMeasured
from greenroom.domain.asked import Asked
from greenroom.domain.competency import Competency
from greenroom.domain.consent import Consents
from greenroom.domain.policy import shipped_policy
from greenroom.domain.template import Question
from greenroom.runtime.analysis_modules import Modules
from greenroom_language.module import START_S, LanguageModule
from greenroom_language.settings import TranscriptSettings
from tests.media_fixtures import OPUS, VP8, MediaWorkshop, picture, sound

ENGLISH = Path(pocketsphinx.get_model_path()) / "en-us"
GOLDEN = Path(str(resources.files("greenroom_speech") / "golden" / "two_sentences.webm"))
ASKED = Asked(
    question=Question(id="first", text={"en": "How did you train people?"}, language_required="zh"),
    competencies=[
        Competency.model_validate(
            {
                "id": "leading",
                "name": {"en": "Leading"},
                "weight": 100,
                "indicators": [{"id": "keyword_match", "name": {"en": "Points"}, "weight": 100}],
                "keywords": ["training", "queue", "团队协作"],
            }
        )
    ],
)
ALL = Consents(recording=True, transcript=True, face=True, ai_scoring=True)
ECHO = """
import json, sys
print(json.dumps({"engine": "echo", "version": "1"}), flush=True)
while line := sys.stdin.buffer.readline():
    n = json.loads(line)["samples"]
    loud = max(abs(x) for x in memoryview(sys.stdin.buffer.read(4 * n)).cast("f"))
    piece = {"text": "trained people march then the queue was half long", "start_s": 0, "end_s": n / 16000}
    print(json.dumps({"pieces": [piece] if loud > 0.1 else [], "language": "zh", "confidence": 0.5}), flush=True)
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


def english() -> LanguageModule:
    return LanguageModule(TranscriptSettings(folder=ENGLISH))


def program(source: str, *, patience: float = 4, start_s: float = START_S) -> LanguageModule:
    command = [sys.executable, "-c", source]
    settings = TranscriptSettings(command=command, patience=patience)
    return LanguageModule(settings, start_s=start_s)


def run(module: LanguageModule, consents: Consents = ALL) -> tuple[str | None, str]:
    """The code and the reason that the report shows."""
    modules = Modules({"language": lambda: lambda: module}, structlog.get_logger())
    result = modules.run(
        "language", {"camera": GOLDEN}, consents, shipped_policy("cn"), ASKED, last_try=True
    )
    assert result.status == ("failed" if result.code == "module_failed" else "not_measured")
    return result.code, result.reason or ""


def test_the_whole_path_offline_twice_the_same() -> None:
    module = english()
    module.self_test()
    one, two = (module.findings({"camera": GOLDEN}, ASKED) for _ in range(2))
    assert one == two
    assert [item.text for item in one.transcript] == [
        "i trained for people in march",
        "then the queue was half as long",
    ]
    assert [item.start_s for item in one.transcript] == pytest.approx([1.0, 5.3], abs=0.15)
    found = {item.kind: item for item in one.observations}
    assert {item.kind for item in one.observations} <= set(module.provides)
    assert (found["action"].start_s, found["connective"].start_s) == pytest.approx(
        (1, 5.3), abs=0.15
    )
    assert found["keyword_share"].value == pytest.approx(2 / 3, abs=1e-3)
    assert found["structure_share"].value == pytest.approx(2 / 3, abs=1e-3)
    assert not any(kind.startswith("language_") for kind in found), "this engine cannot tell"
    assert module.version.startswith("1.0.0+pocketsphinx-")
    assert len(module.model_digest() or "") == 64


def test_a_program_of_the_companys_own_speaks_the_same_protocol() -> None:
    module = program(ECHO)
    module.self_test()
    found = module.findings({"camera": GOLDEN}, ASKED)
    assert [item.language for item in found.transcript] == ["zh", "zh"]
    whole = {item.kind: item.value for item in found.observations}
    assert whole["required_language_share"] == 1
    assert module.version == f"1.0.0+program-{Path(sys.executable).name}"


def test_without_consent_to_a_transcript_none_is_made() -> None:
    refused = ALL.model_copy(update={"transcript": False})
    assert run(english(), refused) == ("no_consent", "no consent to transcription was given")


def test_without_a_model_the_reason_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GREENROOM_TRANSCRIPT__FOLDER", raising=False)
    code, reason = run(LanguageModule())
    assert (code, "GREENROOM_TRANSCRIPT__FOLDER" in reason) == ("no_model", True)
    assert LanguageModule().version == "1.0.0"


def test_the_folder_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_TRANSCRIPT__FOLDER", str(ENGLISH))
    assert LanguageModule().version.startswith("1.0.0+pocketsphinx-")


def test_a_truncated_model_is_not_measured(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ENGLISH, tmp_path / "model"))
    means = folder / "en-us" / "means"
    means.write_bytes(means.read_bytes()[:1000])
    code, reason = run(LanguageModule(TranscriptSettings(folder=folder)))
    assert code == "model_refused"
    assert reason.startswith("the engine cannot use this model")


@pytest.mark.parametrize(
    ("source", "code", "reason"),
    [
        (
            "import sys; sys.exit('no licence found')",
            "model_refused",
            r"ended \(1\): no licence found",
        ),
        ("import os; os.abort()", "model_refused", r"ended \(-6\)"),
        ("print('{}', flush=True); input(); exit(3)", "engine_failed", r"ended \(3\)"),
        ("print('Loading model, please wait')", "engine_failed", "said something else"),
        (
            'print(\'{"error": "vocab_size is missing"}\')',
            "model_refused",
            "cannot use this model: vocab_size",
        ),
        ("import sys; sys.stdout.write('x' * 3000000)", "engine_failed", "said something else"),
    ],
    ids=["exits", "crashes", "dies later", "babbles", "says why", "floods"],
)
def test_a_process_that_cannot_is_not_measured_and_says_why(
    source: str, code: str, reason: str
) -> None:
    with pytest.raises(NotMeasured, match=reason) as caught:
        program(source).findings({"camera": GOLDEN}, ASKED)
    assert caught.value.code == code


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    module = LanguageModule(TranscriptSettings(command=[str(tmp_path / "funasr")]))
    with pytest.raises(NotMeasured, match="does not start: No such file") as caught:
        module.self_test()
    assert caught.value.code == "engine_failed"


def test_a_process_that_hangs_is_ended() -> None:
    module = program("import time; time.sleep(600)", patience=0.01, start_s=0.5)
    with pytest.raises(NotMeasured, match="took longer than 1 s") as caught:
        module.findings({"camera": GOLDEN}, ASKED)
    assert caught.value.code == "engine_too_slow"


def test_an_engine_that_understands_something_else_fails_its_self_test() -> None:
    deaf = ECHO.replace("trained people march then the queue was half long", "la la la")
    code, reason = run(program(deaf))
    assert code == "module_failed"
    assert "0 were understood: 'la la la'" in reason


def test_a_company_may_bring_its_own_golden_recording(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ENGLISH, tmp_path / "model"))
    wav = resources.files("greenroom_language") / "golden" / "two_sentences.wav"
    (folder / "test.wav").write_bytes(wav.read_bytes())
    test = folder / "self_test.json"
    test.write_text('{"recording": "test.wav", "words": "trained people in March"}')
    LanguageModule(TranscriptSettings(folder=folder)).self_test()
    for body, reason in (
        ('{"recording": "test.wav", "words": "我们培训了四个人"}', "0 were understood"),
        ('{"recording": "lost.wav", "words": "x"}', "No such file"),
        ("{}", "recording"),
    ):
        test.write_text(body)
        with pytest.raises(RuntimeError, match=reason):
            LanguageModule(TranscriptSettings(folder=folder)).self_test()


def test_the_engines_process_sees_no_secret_and_no_way_to_a_hub(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GREENROOM_STORE__SECRET_KEY", "open sesame")
    source = "import os, json; seen = [*sorted(os.environ), os.environ['HF_HUB_OFFLINE']];"
    source += "print(json.dumps({'error': ' '.join(seen)}))"
    with pytest.raises(NotMeasured) as caught:
        program(source).self_test()
    assert "GREENROOM" not in str(caught.value)
    assert str(caught.value).endswith(" 1")


@pytest.mark.parametrize(
    ("words", "reason"),
    [((picture(2), VP8), "no sound"), ((sound("0.3*sin(2*PI*440*t)", 6), OPUS), "no speech")],
    ids=["no sound", "a tone"],
)
def test_what_cannot_be_transcribed_says_why(
    workshop: MediaWorkshop, words: tuple[tuple[str, ...], ...], reason: str
) -> None:
    with pytest.raises(NotMeasured, match=reason):
        english().observe({"camera": workshop.make(".webm", *words)})
