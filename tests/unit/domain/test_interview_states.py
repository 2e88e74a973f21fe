"""The two state machines: every state is reachable, final states end, and the rules read them right."""

import itertools

import pytest

from greenroom.domain.interview import (
    ANSWER_MOVES,
    INTERVIEW_MOVES,
    RECEIVED,
    RECORDABLE,
    SETTLED,
    AnswerState,
    InterviewState,
    can_take,
    ehr_status,
    still_owed,
)


@pytest.mark.parametrize(
    ("moves", "start"),
    [(INTERVIEW_MOVES, InterviewState.CREATED), (ANSWER_MOVES, AnswerState.PENDING)],
)
def test_every_state_can_be_reached(moves: dict, start: object) -> None:
    reached, edge = {start}, {start}
    while edge:
        edge = set(itertools.chain.from_iterable(moves[state] for state in edge)) - reached
        reached |= edge
    assert reached == set(moves)


def test_nothing_leads_out_of_the_final_states() -> None:
    final = {state for state, moves in INTERVIEW_MOVES.items() if not moves}
    assert final == {InterviewState.DECIDED, InterviewState.EXPIRED, InterviewState.CANCELLED}


def test_hr_reads_every_state_in_the_words_of_the_ehr() -> None:
    assert ehr_status(InterviewState.IN_PROGRESS) == "待面试"
    assert ehr_status(InterviewState.SCORED) == "面试完成"
    assert ehr_status(InterviewState.RE_RECORD) == "需二次录制"
    assert all(ehr_status(state) for state in InterviewState)


def test_an_answer_is_either_received_or_still_owed() -> None:
    owed = {AnswerState.PENDING, AnswerState.RECORDING, AnswerState.RE_RECORD}
    assert set(AnswerState) == RECEIVED | owed | {AnswerState.SKIPPED}
    assert not RECEIVED & owed
    assert {AnswerState.ANALYSED, AnswerState.RE_RECORD, AnswerState.SKIPPED} == SETTLED
    assert InterviewState.SUBMITTED not in RECORDABLE


@pytest.mark.parametrize("interview", [InterviewState.IN_PROGRESS, InterviewState.RE_RECORD])
@pytest.mark.parametrize("state", list(AnswerState))
def test_an_answer_to_a_follow_up_is_never_owed(
    interview: InterviewState, state: AnswerState
) -> None:
    answers = {"first": AnswerState.PENDING, "first-follow-up": state}
    assert still_owed(interview, answers, {"first-follow-up"}) == ["first"]


def test_takes_are_counted_but_a_re_record_is_always_allowed() -> None:
    assert can_take(AnswerState.PENDING, attempts=0, takes=1)
    assert not can_take(AnswerState.ANALYSED, attempts=1, takes=1)
    assert can_take(AnswerState.ANALYSED, attempts=1, takes=2)
    assert can_take(AnswerState.RE_RECORD, attempts=5, takes=1)
    assert can_take(AnswerState.RECORDING, attempts=1, takes=1), "a re-record that broke off"
