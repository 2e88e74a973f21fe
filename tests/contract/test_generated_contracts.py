"""Generated contracts are what the code says now, and the examples fit them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from contracts.generate import DOCUMENTS, asyncapi, files, schema
from greenroom.domain.events import EventType

EXAMPLES = Path("contracts/examples")


@pytest.mark.parametrize("path", sorted(files()), ids=lambda path: path.name)
def test_the_committed_file_is_current(path: Path) -> None:
    assert path.read_text("utf-8") == files()[path], "run `make contracts`"


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_golden_example_fits_its_schema_and_its_model(name: str) -> None:
    found = sorted(EXAMPLES.glob(f"{name}*.json"))
    assert found, f"contracts/examples/{name}.json is missing"
    for path in found:
        Draft202012Validator(schema(name)).validate(json.loads(path.read_text("utf-8")))
        DOCUMENTS[name].parse(path.read_bytes())


def test_asyncapi_names_the_triggers_of_the_wiring_table() -> None:
    wiring = json.loads(Path("infra/terraform/functions.json").read_text())["functions"]
    declared = {
        (operation["x-function"], asyncapi()["channels"][name]["address"])
        for name, operation in asyncapi()["operations"].items()
        if "x-function" in operation
    }
    wired = {
        (function, f"{item['prefix']}*{item['suffix']}")
        for function, spec in wiring.items()
        for item in spec["objects"]
    }
    assert declared == wired


def test_asyncapi_has_a_message_for_every_event_type() -> None:
    names = {message["name"] for message in asyncapi()["components"]["messages"].values()}
    assert {kind.value for kind in EventType} <= names
