"""The wiring table, the functions' folders, what app.py declares and the layers name the same things."""

import json
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
import yaml

from greenroom.domain.analysis import ENTRY_POINTS
from greenroom.host.wiring import read_wiring
from greenroom.runtime.function import Function, overlapping

TABLE = json.loads(Path("infra/terraform/functions.json").read_text())
WIRING = TABLE["functions"]


def app_of(name: str) -> Function:
    return import_module(f"functions.{name}.app").app


def test_the_table_fits_its_schema() -> None:
    schema = json.loads(Path("infra/terraform/functions.schema.json").read_text())
    jsonschema.validate(TABLE, schema)


def test_a_misspelt_key_does_not_pass() -> None:
    schema = json.loads(Path("infra/terraform/functions.schema.json").read_text())
    wrong = json.loads(json.dumps(TABLE))
    wrong["functions"]["analysis"]["timout_s"] = 3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_every_function_has_its_folder_and_every_folder_its_function() -> None:
    folders = {path.parent.name for path in Path("functions").glob("*/app.py")}
    assert folders == set(WIRING)


@pytest.mark.parametrize("name", sorted(WIRING))
def test_the_app_declares_what_the_table_says(name: str) -> None:
    app, wired = app_of(name), WIRING[name]
    assert app.app_name == name
    declared = [(trigger.prefix, trigger.suffix) for trigger in app.triggers]
    assert declared == [(item["prefix"], item["suffix"]) for item in wired["objects"]]
    assert app.schedule_minutes == {item["name"]: item["minutes"] for item in wired["schedules"]}


@pytest.mark.parametrize("name", sorted(WIRING))
def test_every_route_lies_below_a_path_of_its_function_and_of_no_other(name: str) -> None:
    for route in app_of(name).routes:
        owners = [
            function
            for function, wired in WIRING.items()
            for path in wired["http"]
            if route == path or route.startswith(path + "/")
        ]
        assert owners == [name], route


def test_no_object_starts_two_functions() -> None:
    triggers = [
        (item["prefix"], item["suffix"]) for wired in WIRING.values() for item in wired["objects"]
    ]
    assert overlapping(triggers) == []


def test_what_a_function_is_triggered_by_it_may_read() -> None:
    for name, wired in WIRING.items():
        assert {item["prefix"] for item in wired["objects"]} <= set(wired["reads"]), name


def test_layers_are_folders_with_their_own_version() -> None:
    named = {layer for wired in WIRING.values() for layer in wired["layers"]}
    for layer in named:
        project = tomllib.loads(Path(f"layers/{layer}/pyproject.toml").read_text())["project"]
        assert project["version"]


@pytest.mark.parametrize("name", sorted(WIRING))
def test_a_function_is_given_the_parts_of_its_settings_and_no_others(name: str) -> None:
    rooms = [f"functions.{name}", *(f"greenroom_{layer}" for layer in WIRING[name]["layers"])]
    found = [room for room in rooms if room != "greenroom_core" and find_spec(f"{room}.settings")]
    parts = [
        part for room in found for part in import_module(f"{room}.settings").Settings.model_fields
    ]
    assert WIRING[name]["environment"] == list(dict.fromkeys(parts))  # each room traces


def test_analysis_has_every_layer_that_brings_a_module() -> None:
    modules = {
        path.parent.name
        for path in Path("layers").glob("*/pyproject.toml")
        if f'entry-points."{ENTRY_POINTS}"' in path.read_text()
    }
    assert modules <= set(WIRING["analysis"]["layers"])


@pytest.mark.parametrize("name", sorted(WIRING))
def test_a_function_has_the_layers_that_it_imports(name: str) -> None:
    source = "\n".join(path.read_text() for path in Path("functions", name).rglob("*.py"))
    known = {path.parent.name for path in Path("layers").glob("*/pyproject.toml")} - {"core"}
    imported = {layer for layer in known if f"from greenroom_{layer}" in source}
    assert {"core", *imported} <= set(WIRING[name]["layers"])


@pytest.mark.parametrize("name", sorted(WIRING))
def test_the_contract_of_a_function_lies_below_its_paths(name: str) -> None:
    contract = Path(f"contracts/openapi/{name}.yaml")
    if not contract.exists():
        assert not any(path.startswith("/v1/") for path in WIRING[name]["http"])
        return
    for path in yaml.safe_load(contract.read_text())["paths"]:
        assert any(f"{path}/".startswith(f"{below}/") for below in WIRING[name]["http"]), path


def test_what_is_removed_may_also_be_found() -> None:
    for name, wired in WIRING.items():
        found = (*wired["reads"], *wired["writes"])
        assert all(prefix.startswith(found) for prefix in wired["deletes"]), name


def test_only_functions_that_remove_objects_may() -> None:
    for name, wired in WIRING.items():
        source = "".join(path.read_text() for path in Path("functions", name).rglob("*.py"))
        assert bool(wired["deletes"]) == ("store.delete(" in source), name


def test_a_variable_goes_to_the_functions_that_use_its_part() -> None:
    wiring = read_wiring()

    def given(variable: str) -> set[str]:
        return {name for name, wired in wiring.items() if wired.given(variable)}

    assert given("GREENROOM_STORE__ENDPOINT") == set(wiring)
    assert given("GREENROOM_WEBHOOKS__ALLOW") == {"console", "status_sync"}
    assert given("GREENROOM_STORES") == set()
