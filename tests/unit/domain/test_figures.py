"""Process figures: the funnel never widens, what is not tracked is not zero, rates are of what was recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.figures import (
    TRACKED,
    BatchCounts,
    BatchFigures,
    FunnelStep,
    Recordings,
    Standing,
    figures_of,
    table,
)

START = datetime(2026, 6, 1, 8, tzinfo=UTC)
STEPS = list(FunnelStep)


def counted(
    stopped: dict[FunnelStep, int],
    *,
    tracking: bool = True,
    recordings: Recordings = Recordings(),  # noqa: B008  (frozen)
    sent_after_s: tuple[float, float] | None = None,
) -> BatchFigures:
    """The figures of a batch in which every earlier step was logged too."""
    standings = [
        Standing(step, count, dict.fromkeys(STEPS[: STEPS.index(step) + 1], count))
        for step, count in stopped.items()
    ]
    moments = [START + timedelta(seconds=after) for after in sent_after_s or ()]
    median, p95 = moments or (None, None)
    return figures_of(BatchCounts("b", START, START, tracking, standings, median, p95, recordings))


def test_who_came_further_has_taken_the_steps_before() -> None:
    standings = [
        Standing(FunnelStep.MAIL_SENT, 3, {FunnelStep.INVITED: 3, FunnelStep.MAIL_SENT: 3}),
        Standing(  # a mail program that loads no pictures hides the opening, not the visit
            FunnelStep.LINK_OPENED, 1, {FunnelStep.INVITED: 1, FunnelStep.LINK_OPENED: 1}
        ),
    ]
    found = figures_of(BatchCounts("b", START, START, True, standings, None, None, Recordings()))
    steps = {row.step: row for row in found.funnel}
    assert (steps[FunnelStep.MAIL_SENT].reached, steps[FunnelStep.MAIL_SENT].seen) == (4, 3)
    opened = steps[FunnelStep.MAIL_OPENED]
    assert (opened.reached, opened.seen, opened.stopped, opened.share) == (1, 0, 0, 0.25)
    assert steps[FunnelStep.MAIL_SENT].stopped == 3
    assert steps[FunnelStep.LINK_OPENED].stopped == 1
    assert steps[FunnelStep.CHECKS_PASSED].reached == 0


@given(st.dictionaries(st.sampled_from(STEPS), st.integers(0, 5000)))
def test_the_funnel_only_narrows_and_loses_nobody(stopped: dict[FunnelStep, int]) -> None:
    funnel = counted(stopped).funnel
    reached = [row.reached or 0 for row in funnel]
    assert reached == sorted(reached, reverse=True)
    assert reached[0] == sum(stopped.values()) == sum(row.stopped or 0 for row in funnel)


def test_what_is_not_tracked_is_unknown_and_not_nought() -> None:
    found = counted({FunnelStep.ON_TIME: 2}, tracking=False)
    for row in found.funnel:
        assert (row.reached is None) == (row.step in TRACKED)
    cells = {(name, step): value for name, step, value in table(found)}
    assert cells["reached", "mail_opened"] == ""
    assert cells["reached", "on_time"] == 2


def test_an_empty_batch_has_no_shares_and_no_rates() -> None:
    found = counted({})
    assert {row.share for row in found.funnel} == {None}
    assert found.minutes_to_mail.median is None
    assert found.recordings.success_rate is None


def test_minutes_run_from_the_batch_to_the_relay() -> None:
    found = counted({FunnelStep.MAIL_SENT: 2}, sent_after_s=(30, 90))
    assert (found.minutes_to_mail.median, found.minutes_to_mail.p95) == (0.5, 1.5)


def test_a_recording_is_saved_when_all_that_is_missing_is_named() -> None:
    kept = Recordings(complete=6, gaps=2, refused=1, waiting=1, unfinished=4, lost_ms=2500)
    found = counted({}, recordings=kept).recordings
    assert (found.recorded, found.saved, found.whole, found.success_rate) == (10, 8, 6, 0.8)
    assert (found.refused, found.waiting, found.unfinished, found.lost_s) == (1, 1, 4, 2.5)
