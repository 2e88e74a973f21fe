"""Stored interviews scored again: the same modules give the same bytes, others show who would move."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from functions.analysis.analyse import analyse
from functions.analysis.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.analysis import Observation
from greenroom.domain.mapping import shipped_mapping
from greenroom.runtime.analysis_modules import Modules
from greenroom.runtime.rescoring import Replay
from greenroom_cli.main import app as command
from greenroom_cli.rescore import _ranks
from tests.media_fixtures import MediaWorkshop
from tests.pipeline_fixtures import Pipeline, checked, talking_face
from tests.seeded import SettableClock, set_up


class Listener:
    """Version by version more generous."""

    name, purpose = "speech", "recording"
    tracks = ("camera",)
    provides = ("speech_share", "long_pauses_per_min")

    def __init__(self, version: str, pauses: float) -> None:
        self.version, self.pauses = version, pauses

    def model_digest(self) -> None:
        return None

    def self_test(self) -> None:
        pass

    def observe(self, recordings: Mapping[str, Path]) -> list[Observation]:
        assert recordings["camera"].stat().st_size > 0
        values = {"speech_share": 0.6, "long_pauses_per_min": self.pauses}
        return [
            Observation(kind=kind, start_s=0, end_s=8, value=value, unit="", confidence=1, n=9)
            for kind, value in values.items()
        ]


def modules(version: str, pauses: float) -> Modules:
    listener = Listener(version, pauses)
    return Modules({"speech": lambda: lambda: listener}, structlog.get_logger())  # type: ignore[arg-type]


@pytest.fixture
def scored(
    platform: None,
    store: ObjectStore,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Pipeline:
    """An interview that speech 1 has scored."""
    monkeypatch.setenv("GREENROOM_ANALYSIS__FOLDER", str(tmp_path / "work"))
    set_up(app, SettableClock())
    pipeline = Pipeline.start(store, database)
    camera = talking_face(MediaWorkshop(tmp_path))
    for answer in ("first", "second"):
        ref = checked(pipeline, answer, camera)
        analyse(ref, app, modules=modules("1", 6.0))
    pipeline.submit()
    analyse(ref, app, modules=modules("1", 6.0))
    return pipeline


def replay(pipeline: Pipeline, tmp_path: Path, found: Modules, *again: str) -> Replay:
    mapping = shipped_mapping()
    return Replay(pipeline.database, pipeline.store, found, again, mapping, tmp_path / "again")


def test_a_replay_with_the_same_module_gives_identical_bytes(
    scored: Pipeline, tmp_path: Path
) -> None:
    kept = scored.objects()
    for again in ((), ("speech",)):
        found = replay(scored, tmp_path, modules("1", 6.0), *again).rescored(scored.interview)
        assert found.replayed.canonical() == found.stored.canonical()
    assert scored.objects() == kept


def test_another_version_shows_what_would_change_and_changes_nothing(
    scored: Pipeline, tmp_path: Path
) -> None:
    kept = scored.objects()
    found = replay(scored, tmp_path, modules("2", 0.0), "speech").rescored(scored.interview)
    stored, replayed = (card.competencies[0].score for card in (found.stored, found.replayed))
    assert stored is not None
    assert replayed is not None
    assert replayed > stored
    assert scored.objects() == kept
    assert list((tmp_path / "again").iterdir()) == []


def test_the_command_prints_ranks(scored: Pipeline) -> None:
    with scored.database.begin() as tx:
        batch = tx.interviews.get(scored.interview).batch_id
    answer = CliRunner().invoke(command, ["rescore", "--batch", batch, "--json"])
    assert answer.exit_code == 0
    [line] = json.loads(answer.stdout)["interviews"]
    assert line["interview"] == scored.interview
    assert line["moves"] is False


def test_without_a_mapping_each_interview_is_scored_by_its_own(
    scored: Pipeline, tmp_path: Path
) -> None:
    own = Replay(scored.database, scored.store, modules("1", 6.0), (), None, tmp_path / "again")
    found = own.rescored(scored.interview)
    assert found.replayed.canonical() == found.stored.canonical()
    other = shipped_mapping().model_copy(update={"version": "other", "minimum_coverage": 1.0})
    changed = Replay(
        scored.database, scored.store, modules("1", 6.0), (), other, tmp_path / "again"
    )
    assert changed.rescored(scored.interview).replayed.mapping_version == "other"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--batch", "bat_none"], "bat_none"),
        (["--batch", "b", "--with", "palmistry==1"], "palmistry is not installed"),
        (["--batch", "b", "--with", "speech==0.0.1"], "not 0.0.1"),
        (["--batch", "b", "--mapping", "v99"], "v99"),
        (["--batch", "b", "--data", "/nowhere"], "/nowhere"),
    ],
)
def test_what_cannot_be_replayed_is_said(platform: None, arguments: list[str], said: str) -> None:
    answer = CliRunner().invoke(command, ["rescore", *arguments])
    assert answer.exit_code == 1
    assert said in answer.stderr.replace("\n", " ")


def test_equal_totals_share_a_rank() -> None:
    totals = {"a": 80.0, "b": 70.0, "c": 70.0, "d": None, "e": 60.0}
    assert _ranks(totals) == {"a": 1, "b": 2, "c": 2, "d": None, "e": 4}
