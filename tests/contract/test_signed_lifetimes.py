"""Whatever is signed for a browser is good for a bounded time: half a day at most, wherever it is signed."""

from __future__ import annotations

import ast
import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from annotated_types import Le
from hypothesis import given
from hypothesis import strategies as st

from functions.console.settings import PlaybackSettings
from functions.portal import probe
from functions.upload_url.settings import UploadSettings
from greenroom.adapters.object_store import LONGEST_S, ObjectStore

STORE = ObjectStore(bucket="b", endpoint="https://s3.example.com", access_key="a", secret_key="s")
ADAPTER = Path("layers/core/greenroom/adapters/object_store.py")
SIGNING = {"upload_policy", "download_url"}


def calls() -> Iterator[tuple[Path, str, ast.Call]]:
    """Every call of a method in the product's own code, by its name."""
    for root in ("functions", "layers", "cli"):
        for path in Path(root).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield path, node.func.attr, node


def test_nobody_but_the_store_s_adapter_signs_for_others() -> None:
    signers = {path for path, name, _ in calls() if name.startswith("generate_presigned")}
    assert signers == {ADAPTER}


def test_every_lifetime_is_a_bounded_setting_or_a_short_constant() -> None:
    """What the product signs, as its source has it: a new place must say here how long."""
    found = {
        ast.unparse(word.value)
        for path, name, call in calls()
        if name in SIGNING and path.parts[0] == "functions"
        for word in call.keywords
        if word.arg == "expires_s"
    }
    assert found == {"app.settings.uploads.expires_s", "expires_s", "EXPIRES_S"}
    assert probe.EXPIRES_S <= LONGEST_S
    for settings in (UploadSettings, PlaybackSettings):
        (most,) = [
            one for one in settings.model_fields["expires_s"].metadata if isinstance(one, Le)
        ]
        assert most.le == LONGEST_S


@given(st.integers(1, LONGEST_S))
def test_what_is_signed_says_for_how_long(expires_s: int) -> None:
    link = parse_qs(urlsplit(STORE.download_url("k", expires_s=expires_s)).query)
    assert link["X-Amz-Expires"] == [str(expires_s)]
    before = datetime.now(UTC).replace(microsecond=0)
    form = STORE.upload_policy("p/", expires_s=expires_s, max_bytes=1, content_type_prefix="v")
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    until = datetime.fromisoformat(policy["expiration"])
    assert timedelta(0) <= until - before - timedelta(seconds=expires_s) < timedelta(minutes=1)


@given(st.one_of(st.integers(max_value=0), st.integers(min_value=LONGEST_S + 1)))
def test_nothing_is_signed_for_longer(expires_s: int) -> None:
    with pytest.raises(ValueError, match="signed for"):
        STORE.download_url("k", expires_s=expires_s)
    with pytest.raises(ValueError, match="signed for"):
        STORE.upload_policy("p/", expires_s=expires_s, max_bytes=1, content_type_prefix="v")
