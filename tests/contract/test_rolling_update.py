"""Two releases side by side: each reads what the other keeps, and the last one's code works on the new schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from contracts.generate import DOCUMENTS
from greenroom.domain.errors import Invalid, Unavailable
from greenroom.domain.events import Event
from greenroom.domain.model import Document

ROOT = Path(__file__).parents[2]
LAST = max(
    (ROOT / "contracts/released").iterdir(), key=lambda path: [int(n) for n in path.name.split(".")]
)
KEPT = sorted(path for path in LAST.glob("*.json") if not path.name.endswith(".schema.json"))
MIGRATIONS = ROOT / "layers/core/greenroom/adapters/database/migrations/versions"
RELEASED_SCHEMA = "0019"
"""The newest migration of the last release: what comes later must leave its code working."""
BREAKING = re.compile(
    r"op\.(drop_table|drop_column|rename_table|batch_alter_table)|new_column_name=|nullable=False\)"
)


def kind_of(path: Path) -> type[Document]:
    return DOCUMENTS[path.stem]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_the_last_release_kept_is_read(path: Path) -> None:
    document = kind_of(path).stored(path.read_bytes())
    again = kind_of(path).stored(document.canonical())
    assert again == document


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_a_newer_release_puts_in_is_passed_over(path: Path) -> None:
    document = kind_of(path).stored(path.read_bytes())
    newer = json.dumps(with_more(document, document.model_dump(mode="json")))
    assert newer.count("of_a_newer_release") >= 1
    assert kind_of(path).stored(newer) == document
    with pytest.raises(Invalid):  # what comes from outside is held to the letter, as before
        kind_of(path).parse(newer)


def with_more(read: Any, written: Any) -> Any:
    """The document with one more field in each of its objects."""
    if isinstance(read, BaseModel):
        fields = {name: with_more(getattr(read, name), written[name]) for name in written}
        return {**fields, "of_a_newer_release": {"any": ["thing"]}}
    if isinstance(read, dict):
        return {key: with_more(read[key], written[str(key)]) for key in read}
    if isinstance(read, list):
        return [with_more(*pair) for pair in zip(read, written, strict=True)]
    return written


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_this_release_leaves_out_nothing_that_the_last_one_needs(path: Path) -> None:
    """By the schemas: each field of the last release is still there, and none has become required."""
    was = objects(json.loads(path.with_suffix(".schema.json").read_bytes()))
    now = objects(json.loads((ROOT / f"contracts/schemas/{path.stem}.v1.json").read_bytes()))
    for name, before in was.items():
        after = now[name]
        assert set(before["properties"]) <= set(after["properties"]), name
        assert set(after.get("required", [])) <= set(before.get("required", [])), name


def test_a_step_of_a_newer_release_waits() -> None:
    step = json.loads((LAST / "sync.event.json").read_bytes())
    with pytest.raises(Unavailable) as raised:
        Event.stored(json.dumps({**step, "type": "candidate.levitated"}))
    assert (raised.value.code, raised.value.permanent) == ("newer_release", False)
    with pytest.raises(Invalid):
        Event.stored(json.dumps({**step, "type": "candidate.levitated", "id": 1}))


def objects(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {"": schema, **schema.get("$defs", {})}
    return {name: one for name, one in found.items() if "properties" in one}


def test_migrations_leave_the_last_releases_code_working() -> None:
    """A column is added empty or with a default; to drop, rename or tighten one waits for the release after."""
    later = [path for path in MIGRATIONS.glob("*.py") if path.name[:4] > RELEASED_SCHEMA]
    for path in later:
        upgrade = path.read_text().partition("def upgrade")[2].partition("def downgrade")[0]
        inside_new_tables = re.sub(r"op\.create_table\(.*?\n    \)", "", upgrade, flags=re.DOTALL)
        assert not BREAKING.search(inside_new_tables), path.name


@pytest.mark.parametrize(
    "source",
    [
        'def upgrade():\n    op.drop_column("a", "b")\n',
        'def upgrade():\n    op.add_column("a", sa.Column("b", sa.Text(), nullable=False))\n',
        'def upgrade():\n    op.alter_column("a", "b", new_column_name="c")\n',
    ],
)
def test_a_migration_that_breaks_is_seen(source: str) -> None:
    assert BREAKING.search(source)
