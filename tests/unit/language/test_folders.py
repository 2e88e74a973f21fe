"""Model folders: which engine they are for, what is missing, and that nothing is fetched."""

import re
from pathlib import Path

import pytest

from greenroom.domain.analysis import NotMeasured
from greenroom_language.engine_choice import choice
from greenroom_language.folders import model_folder
from greenroom_language.settings import TranscriptSettings

FOLDERS = {
    "sense-voice": {"model.int8.onnx": "m", "model.onnx": "m", "tokens.txt": "a 0\n<|zh|> 1\n"},
    "paraformer": {"model.onnx": "m", "tokens.txt": "<blank> 0\n的 1\n"},
    "sherpa-whisper": {
        "tiny-encoder.onnx": "e", "tiny-decoder.onnx": "d", "tiny-tokens.txt": "a 0\n",
    },
    "faster-whisper": {"model.bin": "m", "config.json": "{}", "tokenizer.json": "{}"},
    "pocketsphinx": {
        "en-us/mdef": "m", "en-us/means": "m", "en-us/variances": "m", "en-us.lm.bin": "l",
        "en-us-phone.lm.bin": "p", "cmudict.dict": "d",
    },
}  # fmt: skip


def laid_out(folder: Path, files: dict[str, str]) -> Path:
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(body)
    return folder


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_says_which_engine_it_is_for(tmp_path: Path, kind: str) -> None:
    found = model_folder(laid_out(tmp_path, FOLDERS[kind]))
    assert found.kind == kind
    assert all(file.is_file() for file in found.files)
    names = [file.name for file in found.files]
    assert "en-us-phone.lm.bin" not in names and "model.onnx" not in names[: kind == "sense-voice"]


@pytest.mark.parametrize(
    ("kind", "lost", "named"),
    [
        ("sense-voice", "tokens.txt", "tokens.txt"),
        ("paraformer", "tokens.txt", "tokens.txt"),
        ("sherpa-whisper", "tiny-decoder.onnx", "*decoder*.onnx"),
        ("faster-whisper", "tokenizer.json", "tokenizer.json"),
        ("pocketsphinx", "cmudict.dict", "*.dict"),
    ],
)
def test_what_is_missing_or_empty_is_named(
    tmp_path: Path, kind: str, lost: str, named: str
) -> None:
    folder = laid_out(tmp_path, FOLDERS[kind])
    for spoil in (lambda: (folder / lost).write_bytes(b""), (folder / lost).unlink):
        spoil()
        with pytest.raises(NotMeasured, match="without .*" + re.escape(named)) as caught:
            model_folder(folder)
        assert caught.value.code == "model_incomplete"


@pytest.mark.parametrize("files", [{}, {"README.md": "hello"}, {"pytorch_model.bin": "x"}])
def test_a_folder_of_something_else_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(NotMeasured, match="no model of a known engine") as caught:
        model_folder(laid_out(tmp_path, files))
    assert caught.value.code == "model_unknown"


def test_a_folder_that_is_not_there_is_not_asked_for_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="is not there") as missing:
        choice(TranscriptSettings(folder=tmp_path / "whisper-large-v3"))
    with pytest.raises(NotMeasured, match="GREENROOM_TRANSCRIPT__FOLDER") as none:
        choice(TranscriptSettings())
    assert (missing.value.code, none.value.code) == ("model_missing", "no_model")


def test_an_engine_that_is_not_installed_is_named_with_what_installs_it(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, FOLDERS["faster-whisper"])
    with pytest.raises(
        NotMeasured, match=r"pip install 'greenroom-language\[faster-whisper\]'"
    ) as caught:
        choice(TranscriptSettings(folder=folder))
    assert caught.value.code == "engine_not_installed"


def test_any_changed_byte_is_another_model(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, FOLDERS["pocketsphinx"])
    digests = {model_folder(folder).digest()}
    (folder / "en-us/transition_matrices").write_text("t")
    digests.add(model_folder(folder).digest())
    (folder / "en-us/means").write_text("other means")
    digests.add(model_folder(folder).digest())
    assert len(digests) == 3
    assert model_folder(folder).digest() == model_folder(folder).digest()
