"""A small season on the real stack: flaky lines, late returns, everything killed in turn; the accounts balance."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.crowd.house import deployed
from benchmarks.crowd.season import Season
from tests.platform.stack import Stack

pytestmark = [pytest.mark.ceph, pytest.mark.slow, pytest.mark.timeout(1800)]

SIZE = 100
FLAKY = 0.3
"""Ten times as many as in a real season, so that a small one meets every fault."""


def test_every_recording_is_accounted_for(stack: Stack, tmp_path: Path) -> None:
    with deployed(stack, tmp_path) as house:
        report = Season(house, SIZE, kill_every_s=20, flaky=FLAKY).run()
    assert report.unaccounted == {}
    assert report.invited_twice == []
    assert report.unfinished == 0
    assert report.complete + report.reported_by_name == SIZE
    assert report.reported_by_name > 0
    assert {"lost", "stalled", "duplicated", "reordered", "came back later"} <= report.lines.keys()
    assert sum(report.killed.values()) > 0
