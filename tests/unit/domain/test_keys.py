"""Object keys: what we build we parse, and nothing else passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain import keys
from greenroom.domain.errors import Invalid
from greenroom.domain.ids import derived_id, new_id

answers = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)
refs = st.builds(
    keys.AttemptRef,
    interview=st.builds(lambda text: derived_id("itv", text), st.text()),
    answer=answers,
    attempt=st.integers(1, 999),
)


@given(refs, st.sampled_from(["camera", "screen"]), st.integers(0, 999), st.integers(0, 19_999))
def test_every_key_leads_back_to_its_attempt(
    ref: keys.AttemptRef, track: str, segment: int, part: int
) -> None:
    part_key = ref.part(track, segment, part)
    assert keys.is_part(part_key)
    assert part_key.startswith(ref.track_prefix(track))
    built = [part_key, ref.manifest, ref.recording(track, "webm"), ref.assembly, ref.quality]
    assert {keys.AttemptRef.of(key) for key in built} == {ref}


@pytest.mark.parametrize(
    "key",
    [
        "",
        "uploads/../recordings/x",
        "uploads/itv_short/q1/1/manifest.json",
        "uploads/" + derived_id("itv", "test") + "/Q1/1/manifest.json",
        "uploads/" + derived_id("itv", "test") + "/q1/0001/manifest.json",
        "other/" + derived_id("itv", "test") + "/q1/1/manifest.json",
    ],
)
def test_other_keys_are_refused(key: str) -> None:
    with pytest.raises(Invalid) as caught:
        keys.AttemptRef.of(key)
    assert caught.value.code == "invalid_key"


@given(st.text())
def test_no_text_breaks_the_parsers(text: str) -> None:
    for parse in (keys.AttemptRef.of, keys.interview_of, keys.batch_of, keys.number_of):
        with pytest.raises(Invalid):
            parse("x" + text)
    assert not keys.is_part(text + "/")


def test_numbers_and_owners_are_read_from_keys() -> None:
    interview, batch = new_id("itv"), new_id("bat")
    assert keys.number_of(keys.event(interview, 41)) == 41
    assert keys.interview_of(keys.event(interview, 41)) == interview
    assert keys.interview_of(keys.submission(interview)) == interview
    assert keys.batch_of(keys.batch(batch)) == keys.batch_of(keys.batch_slice(batch, 3)) == batch


@given(st.lists(st.text(), min_size=1, max_size=3), st.lists(st.text(), min_size=1, max_size=3))
def test_derived_ids_are_equal_for_equal_parts_only(one: list[str], other: list[str]) -> None:
    same = "\x1f".join(one) == "\x1f".join(other)
    assert (derived_id("itv", *one) == derived_id("itv", *other)) == same
