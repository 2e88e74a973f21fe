"""The demo company is what the domain accepts, bilingual throughout, and scorable with speech and vision alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from greenroom.domain.competency import CompetencyModel
from greenroom.domain.mapping import shipped_mapping
from greenroom.domain.model import canonical_json
from greenroom.domain.template import Template
from greenroom_cli.seed.company import CANDIDATES, documents

MODELS = documents("competency_models")
TEMPLATES = documents("templates")


def texts(value: Any) -> Iterator[dict[str, str]]:
    """Every text in languages, however deep."""
    if isinstance(value, dict):
        if "zh-CN" in value or "en" in value:
            yield value
        else:
            for inner in value.values():
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


@pytest.mark.parametrize("document", MODELS.values(), ids=MODELS)
def test_a_model_is_valid_and_in_both_languages(document: dict[str, Any]) -> None:
    CompetencyModel.parse(canonical_json(document))
    assert all(text.keys() == {"zh-CN", "en"} for text in texts(document))


@pytest.mark.parametrize("document", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_is_valid_and_in_both_languages(document: dict[str, Any]) -> None:
    Template.parse(canonical_json(document))
    assert all(text.keys() == {"zh-CN", "en"} for text in texts(document))


def test_the_three_scenarios_are_there_and_one_asks_for_the_screen() -> None:
    assert {document["scenario"] for document in TEMPLATES.values()} == set(TEMPLATES)
    assert set(TEMPLATES) == {"screening", "skills", "values"}
    tracks = {tuple(question.get("tracks", [])) for question in TEMPLATES["skills"]["questions"]}
    assert ("camera", "screen") in tracks


@pytest.mark.parametrize("document", MODELS.values(), ids=MODELS)
def test_one_competency_needs_speech_and_vision_only(document: dict[str, Any]) -> None:
    model = CompetencyModel.parse(canonical_json(document))
    indicators = shipped_mapping().indicators
    measurable = [
        competency
        for competency in model.competencies
        if all(
            {part.module for part in indicators.get(indicator.id, [])} <= {"speech", "vision"}
            and indicator.id in indicators
            for indicator in competency.indicators
        )
    ]
    assert [competency.id for competency in measurable] == ["presentation"]
    assert 20 <= measurable[0].weight <= 30


def test_candidates_are_invited_to_what_there_is() -> None:
    for template, model, candidate in CANDIDATES:
        assert template in TEMPLATES
        assert model in MODELS
        assert candidate["email"].endswith("@example.com")  # nobody's address (RFC 2606)
