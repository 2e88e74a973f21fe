"""Nothing of an answer is missing: neither by the numbered frames nor by the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.recorder.candidate import Invited
from tests.browser.recorder.numbered_camera import numbers_in, runs_in


def assert_whole(invited: Invited, answer: str, folder: Path, *, segments: int = 1) -> None:
    """Every segment's frames follow each other without a hole, for as long as the manifest says; nothing is lost."""
    manifest = invited.manifest(answer)
    [camera] = [track for track in manifest.tracks if track.track == "camera"]
    assert len(camera.segments) == segments
    assembly = invited.received(answer)
    assert assembly.lost_ms == 0
    runs = runs_in(numbers_in(invited.recording(answer, folder)))
    assert len(runs) == segments
    for run, segment in zip(runs, camera.segments, strict=True):
        claimed_s = (segment.parts[-1].end_ms - segment.parts[0].start_ms) / 1000
        assert run[-1][0] - run[0][0] == pytest.approx(claimed_s, abs=0.5)
    line = next(one for one in invited.ledger()["answers"] if one["answer"] == answer)
    interrupted = any(len(track.segments) > 1 for track in manifest.tracks)
    assert (line["lost_ms"], bool(line["interrupted_ms"])) == (0, interrupted)
