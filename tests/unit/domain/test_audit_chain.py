"""The audit log's chain: whatever is altered, removed, added or moved is found where it happened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.audit import BEGINNING, Act, Actor, Entry, Head, Tampered, chained, verify

NOW = datetime(2026, 3, 5, 10, tzinfo=UTC)
words = st.text(max_size=8)
acts = st.builds(
    Act,
    st.builds(Actor, st.sampled_from(["user", "api_key", "command"]), words),
    words,
    words,
    words,
    st.dictionaries(words, words | st.integers(-9, 9), max_size=2),
)


def log(items: list[Act]) -> list[Entry]:
    entries: list[Entry] = []
    head = Head(0, BEGINNING)
    for number, act in enumerate(items):
        entry = chained(act, NOW + timedelta(microseconds=number), head)
        entries.append(entry)
        head = Head(entry.seq, entry.sha256)
    return entries


def broken_at(entries: list[Entry], known: Head | None = None) -> int:
    with pytest.raises(Tampered) as caught:
        verify(entries, known=known)
    found: int = caught.value.fields["seq"]
    return found


@given(st.lists(acts, max_size=6))
def test_what_was_written_holds(items: list[Act]) -> None:
    entries = log(items)
    head = verify(entries)
    assert head.seq == len(items)
    for entry in entries:
        assert verify(entries, known=Head(entry.seq, entry.sha256)) == head


@given(st.lists(acts, min_size=1, max_size=6), st.data())
def test_an_altered_entry_is_found(items: list[Act], data: st.DataObject) -> None:
    entries = log(items)
    place = data.draw(st.integers(0, len(entries) - 1))
    entry = entries[place]
    act = entry.act
    forged = data.draw(
        st.sampled_from(
            [
                replace(entry, at=entry.at + timedelta(microseconds=1)),
                replace(entry, act=replace(act, action=act.action + "x")),
                replace(entry, act=replace(act, subject=act.subject + "x")),
                replace(entry, act=replace(act, subject_id=act.subject_id + "x")),
                replace(entry, act=replace(act, details={**act.details, "more": 1})),
                replace(entry, act=replace(act, actor=replace(act.actor, id=act.actor.id + "x"))),
                replace(entry, previous_sha256="1" * 64),
                replace(entry, sha256="1" * 64),
            ]
        )
    )
    entries[place] = forged
    assert broken_at(entries) == entry.seq


@given(st.lists(acts, min_size=2, max_size=6, unique_by=repr), st.data())
def test_removed_moved_and_written_anew(items: list[Act], data: st.DataObject) -> None:
    entries = log(items)
    place = data.draw(st.integers(0, len(entries) - 2))
    assert broken_at(entries[:place] + entries[place + 1 :]) == place + 1
    swapped = [*entries]
    swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    assert broken_at(swapped) == place + 1
    # Whoever can write everything can chain it all anew: only a head kept elsewhere shows it.
    anew = log([items[-1], *items[1:]])
    assert verify(anew).seq == len(items)
    kept = Head(len(items), entries[-1].sha256)
    assert broken_at(anew, known=kept) == len(items)
    assert broken_at(entries[:-1], known=kept) == len(items)
