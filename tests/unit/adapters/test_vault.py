"""Sealed texts: opened by whoever has the key, in the column that they were sealed for, and nowhere else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.adapters.vault import HEAD, MARK, CipherName, SealedUnreadable, Vault, key_id

NEW, OLD = bytes(range(32)), bytes(range(32, 64))
CIPHERS: list[CipherName] = ["aes-256-gcm", "sm4-gcm"]


@pytest.mark.parametrize("cipher", CIPHERS)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_to_the_same(cipher: CipherName, text: str) -> None:
    vault = Vault([NEW], cipher)
    sealed = vault.seal("candidates.name", text)
    assert sealed.startswith(vault.newest) and len(vault.newest) == HEAD
    assert sealed.isascii() and (len(text) < 3 or text not in sealed)
    assert vault.open("candidates.name", sealed) == text
    assert vault.seal("candidates.name", text) != sealed  # the same text rests differently


@pytest.mark.parametrize("cipher", CIPHERS)
@given(
    at=st.integers(min_value=0, max_value=10_000), change=st.integers(min_value=1, max_value=255)
)
def test_whatever_is_altered_or_moved_does_not_open(
    cipher: CipherName, at: int, change: int
) -> None:
    vault = Vault([NEW], cipher)
    sealed = vault.seal("candidates.name", "李明")
    raw = bytearray(base64.urlsafe_b64decode(sealed[HEAD:] + "=="))
    raw[at % len(raw)] ^= change
    altered = sealed[:HEAD] + base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    for place, text in (
        ("candidates.name", altered),
        ("candidates.email", sealed),
        ("candidates.name", sealed[: HEAD + at % 30]),
        ("candidates.name", sealed[:HEAD] + "é"),
        ("candidates.name", MARK + "X" + sealed[2:]),
    ):
        with pytest.raises(SealedUnreadable):
            vault.open(place, text)


def test_former_keys_open_and_the_newest_seals() -> None:
    old, both = Vault([OLD]), Vault([NEW, OLD], "sm4-gcm")
    sealed = old.seal("p", "text")
    assert both.open("p", sealed) == "text"
    assert both.seal("p", "text").startswith(f"{MARK}S{key_id(NEW)}")
    with pytest.raises(SealedUnreadable, match=key_id(OLD)):
        Vault([NEW]).open("p", sealed)


def test_without_keys_texts_rest_as_they_are() -> None:
    vault = Vault()
    assert vault.seal("p", "text") == "text" == vault.open("p", "text")


def test_what_rests_unsealed_is_read_as_it_is() -> None:
    assert Vault([NEW]).open("p", "李明") == "李明"
