"""What a season that was interrupted goes on with."""

from __future__ import annotations

from pathlib import Path

from benchmarks.crowd.clip import noise
from benchmarks.crowd.journal import Journal, Recorded
from greenroom.domain.manifest import Manifest


def test_a_later_season_knows_what_the_one_before_wrote(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    first = Journal(path)
    recorded = Recorded(7, "int_1", "q1", 1, [2], flaky=True)
    first.note(recorded)
    first.note_submitted(7)
    first.note(Recorded(8, "int_2", "q1", 1, [], flaky=False))
    later = Journal(path)
    assert later.recorded[7] == [recorded]
    assert later.submitted == {7}
    assert 8 in later.recorded


def test_a_lost_part_is_a_hole_in_a_manifest_that_the_product_takes() -> None:
    manifest = Manifest.model_validate(noise(8, 8_000).manifest(frozenset({2})))
    parts = manifest.tracks[0].segments[0].parts
    assert [part.part for part in parts] == [0, 1, 3]
    assert [part.start_ms for part in parts] == [0, 2000, 6000]
