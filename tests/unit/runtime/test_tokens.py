"""Personal links and API keys: only the untouched, unexpired one opens the door."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.errors import Unauthorized
from greenroom.runtime import tokens

KEY = "k" * 40
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def link(key: str = KEY, expires: datetime = NOW + timedelta(days=1)) -> str:
    return tokens.issue_candidate_token(key, "itv_abc", 2, expires)


def test_a_link_says_whose_interview_it_opens() -> None:
    claims = tokens.read_candidate_token(KEY, link(), now=NOW)
    assert (claims.interview, claims.version) == ("itv_abc", 2)


def refusal(token: str, now: datetime = NOW) -> str:
    with pytest.raises(Unauthorized) as caught:
        tokens.read_candidate_token(KEY, token, now=now)
    return caught.value.code


def test_an_expired_link_says_so() -> None:
    assert refusal(link(), now=NOW + timedelta(days=1)) == "token_expired"


def test_a_grace_lets_an_expired_link_through_and_no_longer() -> None:
    day = timedelta(days=1)
    claims = tokens.read_candidate_token(KEY, link(), now=NOW + 1.5 * day, grace=day)
    assert claims.expires == NOW + day
    with pytest.raises(Unauthorized):
        tokens.read_candidate_token(KEY, link(), now=NOW + 2 * day, grace=day)


def test_another_key_s_link_is_refused() -> None:
    assert refusal(link(key="x" * 40)) == "token_invalid"


def test_a_step_of_signing_in_is_no_link_and_no_other_step() -> None:
    step = tokens.issue_step_token(KEY, "second_factor", "usr_a", NOW + timedelta(1))
    assert refusal(step) == "token_invalid"
    assert tokens.read_step_token(KEY, "second_factor", step, now=NOW) == "usr_a"
    with pytest.raises(Unauthorized):
        tokens.read_step_token(KEY, "provider", step, now=NOW)


def test_an_unsigned_link_is_refused() -> None:
    claims = {"sub": "itv_abc", "ver": 2, "exp": NOW + timedelta(days=1), "aud": "candidate"}
    assert refusal(jwt.encode(claims, None, algorithm="none")) == "token_invalid"


@given(st.data())
def test_no_altered_link_opens_another_interview(data: st.DataObject) -> None:
    token = link()
    position = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCXYZ019-_."))
    altered = token[:position] + letter + token[position + 1 :]
    try:
        claims = tokens.read_candidate_token(KEY, altered, now=NOW)
    except Unauthorized as error:
        assert error.code == "token_invalid"
    else:  # base64's spare bits: another spelling of the same bytes
        assert (claims.interview, claims.version) == ("itv_abc", 2)


def test_an_api_key_is_known_by_its_digest_only() -> None:
    key_id, plain, digest = tokens.new_api_key()
    assert tokens.api_key_id(plain) == key_id
    assert plain not in digest
    tokens.check_api_key(plain, digest)
    with pytest.raises(Unauthorized) as caught:
        tokens.check_api_key(plain[:-1] + ("a" if plain[-1] != "a" else "b"), digest)
    assert caught.value.code == "api_key_invalid"


@given(st.text(max_size=80))
def test_no_text_breaks_the_key_parser(text: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.api_key_id(text)
