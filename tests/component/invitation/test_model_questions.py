"""Questions from a language model: a real endpoint on loopback that writes, hangs, lies and injects."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.invitation_fixtures import House
from tests.model_endpoint import Answer, Endpoint, completion, model_endpoint

PATH = "/v1/competency-models/store-manager/questions"


def questions(asked: dict[str, Any], text: str = "请讲述一次你做过的事情。", more: int = 0) -> str:
    facts = json.loads(asked["messages"][1]["content"])
    one = {"zh": text, "en": "Tell us what you did."}
    return json.dumps({"questions": [one] * (len(facts["questions"]) + more)})


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """Asked for before the house, which reads its settings once."""
    with model_endpoint(lambda asked: (200, completion(questions(asked)))) as (server, settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield server


def propose(house: House) -> dict[str, Any]:
    status, proposed = house.call("POST", PATH, {"count": 3, "keywords": ["收银"]})
    assert status == 200
    assert len(proposed["questions"]) == 3
    return proposed


def test_the_models_words_in_the_banks_frame(endpoint: Endpoint, house: House) -> None:
    proposed = propose(house)
    assert (proposed["source"], proposed["fallback"]) == ("language_model", None)
    first = proposed["questions"][0]
    assert first["text"] == {"zh-CN": "请讲述一次你做过的事情。", "en": "Tell us what you did."}
    assert first["max_s"] > 0
    [asked] = endpoint.asked
    assert asked["path"] == "/v1/chat/completions"
    assert asked["Authorization"] == "Bearer secret"
    assert "收银" in asked["body"]["messages"][1]["content"]
    assert asked["body"]["model"] == "house-model"


def fenced(asked: dict[str, Any]) -> tuple[int, bytes]:
    return 200, completion(f"```json\n{questions(asked)}\n```")


def test_json_between_fences_is_json(endpoint: Endpoint, house: House) -> None:
    endpoint.answer = fenced
    assert propose(house)["source"] == "language_model"


BAD: dict[str, tuple[Answer, str]] = {
    "is down": (lambda _: (503, b""), "model_refused"),
    "redirects": (lambda _: (302, b""), "model_refused"),
    "talks": (lambda _: (200, completion("Sure! Here are your questions:")), "model_nonsense"),
    "is no endpoint": (lambda _: (200, b"<html>"), "model_nonsense"),
    "counts wrong": (lambda asked: (200, completion(questions(asked, more=1))), "model_nonsense"),
    "injects markup": (
        lambda asked: (200, completion(questions(asked, "<script>alert(1)</script>"))),
        "model_nonsense",
    ),
    "sends away": (
        lambda asked: (200, completion(questions(asked, "请打开 https://example.com 回答。"))),
        "model_nonsense",
    ),
    "breaks lines": (
        lambda asked: (200, completion(questions(asked, "请讲述一次\nBcc: x@example.com"))),
        "model_nonsense",
    ),
    "never ends": (lambda _: (200, b" " * 300_000), "model_nonsense"),
}


@pytest.mark.parametrize("case", BAD)
def test_the_bank_answers_when_the_model_does_not(
    endpoint: Endpoint, house: House, case: str
) -> None:
    endpoint.answer, code = BAD[case]
    proposed = propose(house)
    assert (proposed["source"], proposed["fallback"]) == ("bank", code)
    assert proposed["questions"][0]["text"]["en"] != "Tell us what you did."


@pytest.fixture
def impatience(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where an answer never comes: elsewhere a busy machine must not look like a slow model."""
    monkeypatch.setenv("GREENROOM_LANGUAGE_MODEL__TIMEOUT_S", "0.5")


def test_a_model_that_hangs(endpoint: Endpoint, impatience: None, house: House) -> None:
    answered = threading.Event()

    def hangs(_: dict[str, Any]) -> tuple[int, bytes]:
        answered.wait()
        return 200, b""

    endpoint.answer = hangs
    try:
        proposed = propose(house)
    finally:
        answered.set()
    assert (proposed["source"], proposed["fallback"]) == ("bank", "model_slow")
    assert proposed["questions"][0]["text"]["en"] != "Tell us what you did."


def test_nobody_listens(endpoint: Endpoint, house: House) -> None:
    endpoint.shutdown()
    endpoint.server_close()
    assert propose(house)["fallback"] == "model_unreachable"
