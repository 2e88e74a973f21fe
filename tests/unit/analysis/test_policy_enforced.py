"""What a policy forbids is not computed, and what a module brings against it is not kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import structlog

from greenroom.domain.analysis import ModuleResult, Observation
from greenroom.domain.asked import Asked
from greenroom.domain.consent import Consents
from greenroom.domain.errors import Invalid
from greenroom.domain.policy import SHIPPED, Inference, shipped_policy
from greenroom.domain.template import Question, TrackName
from greenroom.runtime.analysis_modules import Modules

ALL = Consents(recording=True, transcript=True, face=True, ai_scoring=True)
CAMERA: Mapping[TrackName, Path] = {"camera": Path("camera.webm")}
ASKED = Asked(question=Question(id="first", text={"en": "Why?"}))


def seen(kind: str) -> Observation:
    return Observation(kind=kind, start_s=0, end_s=1, value=1, unit="faces", confidence=1, n=1)


class Expressive:
    """A module with one harmless kind and one that concludes; `obeys` says whether it heeds the policy."""

    name, version, purpose = "expressive", "1.0.0", "face"
    tracks: tuple[TrackName, ...] = ("camera",)
    provides = ("face", "smile")
    inferences: Mapping[str, Inference] = {"smile": "expression"}
    obeys = True

    def __init__(self) -> None:
        self.computed: list[str] = []

    def model_digest(self) -> None:
        return None

    def self_test(self) -> None:
        pass

    def observe(self, recordings: Mapping[TrackName, Path]) -> list[Observation]:
        return self.observe_without(recordings, frozenset())

    def observe_without(
        self, recordings: Mapping[TrackName, Path], forbidden: frozenset[Inference]
    ) -> list[Observation]:
        wanted = ["face"]
        if "expression" not in forbidden or not self.obeys:
            wanted.append("smile")
        self.computed += wanted
        return [seen(kind) for kind in wanted]


def run(module: Expressive, policy: str) -> ModuleResult:
    modules = Modules({"expressive": lambda: lambda: module}, structlog.get_logger())
    return modules.run("expressive", CAMERA, ALL, shipped_policy(policy), ASKED, last_try=True)


def test_expression_does_not_run_under_the_eus_policy() -> None:
    module = Expressive()
    result = run(module, "eu")
    assert (result.status, result.withheld) == ("ok", ["smile"])
    assert [item.kind for item in result.observations] == ["face"]
    assert module.computed == ["face"]


def test_where_it_is_allowed_it_runs() -> None:
    result = run(Expressive(), "cn")
    assert (result.status, result.withheld) == ("ok", [])
    assert [item.kind for item in result.observations] == ["face", "smile"]


def test_a_module_that_does_not_obey_has_its_whole_result_refused() -> None:
    module = Expressive()
    module.obeys = False
    result = run(module, "eu")
    assert (result.status, result.observations) == ("failed", [])
    assert "forbids smile" in (result.reason or "")


@pytest.mark.parametrize("policy", SHIPPED)
def test_every_shipped_policy_can_be_read_and_names_its_law(policy: str) -> None:
    assert shipped_policy(policy).id == policy
    assert shipped_policy(policy).basis
    assert "face_matching" in shipped_policy(policy).forbidden


def test_an_unknown_policy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Invalid, match="us-nyc") as caught:
        shipped_policy("mars")
    assert caught.value.code == "unknown_policy"
