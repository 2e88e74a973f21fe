"""What `make package` builds: the same bytes every time, small, and enough to run by itself."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from greenroom.host.wiring import read_wiring
from infra.package.__main__ import build
from infra.package.contents import kept
from infra.package.images import roles, write_context

pytestmark = pytest.mark.slow

LIGHT = sorted(name for name, wired in read_wiring().items() if wired.layers == ("core",))
LIGHT_MAX_MB = 30
ALONE = """
import importlib, pkgutil, sys
sys.path = [path for path in sys.path if "site-packages" not in path] + sys.argv[2:]
package = importlib.import_module(f"functions.{sys.argv[1]}")
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
app = importlib.import_module(f"functions.{sys.argv[1]}.app").app
answer = app({
    "path": "/nowhere", "httpMethod": "GET", "headers": {}, "body": None, "pathParameters": None,
    "multiValueQueryStringParameters": None, "stageVariables": None, "isBase64Encoded": False,
    "requestContext": {"resourcePath": "/{proxy+}", "httpMethod": "GET", "path": "/nowhere"},
}, None)
print(answer["statusCode"], "uvicorn" in sys.modules)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    build(folder, {"core", *LIGHT})
    return folder


@pytest.fixture(scope="module")
def layer(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked once, so that each function finds it compiled."""
    folder = tmp_path_factory.mktemp("layer")
    unpack(built / "layers/core.zip", folder)
    return folder


def test_two_builds_have_the_same_bytes(built: Path, tmp_path: Path) -> None:
    build(tmp_path, {"core", *LIGHT})
    assert digests(tmp_path) == digests(built)
    assert len(digests(built)) == len(LIGHT) + 3  # the layer, its bill and its licences


def test_a_light_function_with_its_layer_is_small(built: Path) -> None:
    layer = (built / "layers/core.zip").stat().st_size
    for name in LIGHT:
        assert layer + (built / f"functions/{name}.zip").stat().st_size <= LIGHT_MAX_MB * 10**6


@pytest.mark.parametrize("name", LIGHT)
def test_a_light_function_needs_nothing_that_is_not_in_its_zips(
    built: Path, layer: Path, tmp_path: Path, name: str
) -> None:
    unpack(built / f"functions/{name}.zip", tmp_path)
    paths = [str(layer / "python"), str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE, name, *paths], capture_output=True, text=True
    )
    assert done.stdout == "405 False\n", done.stderr  # Chalice refuses a path that no route fits


def test_a_zip_holds_its_own_function_and_no_other(built: Path) -> None:
    with zipfile.ZipFile(built / "functions/portal.zip") as zipped:
        names = zipped.namelist()
    assert {name.split("/")[1] for name in names if name.startswith("functions/")} == {
        "__init__.py",
        "portal",
    }
    assert not any("__pycache__" in name for name in names)


def test_the_bill_of_materials_is_valid_and_names_every_licence(built: Path) -> None:
    text = (built / "bills/layer-core.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = json.loads(text)["components"]
    assert {"boto3", "sqlalchemy", "greenroom-core"} <= {
        item["name"].lower() for item in components
    }
    unknown = [item["name"] for item in components if "not declared" in json.dumps(item)]
    assert [name for name in unknown if not name.startswith("greenroom")] == []


@pytest.mark.parametrize("wired", read_wiring().values(), ids=lambda wired: wired.name)
def test_containers_run_as_nobody_and_say_whether_they_are_ready(
    wired: object, tmp_path: Path
) -> None:
    write_context(wired, tmp_path)
    for role in roles(wired):
        text = (tmp_path / f"{role}.Containerfile").read_text()
        assert "FUNCTION" not in text
        assert "USER 10001:10001" in text
        assert ("HEALTHCHECK" in text) == (role != "lambda")


def test_what_is_left_out() -> None:
    assert kept("botocore/data/s3/2006-03-01/service-2.json.gz")
    assert not kept("botocore/data/ec2/2016-11-15/service-2.json.gz")
    assert kept("babel/locale-data/zh_Hans_CN.dat")
    assert not kept("babel/locale-data/fr.dat")
    assert kept("chalice/app.py")
    assert not kept("chalice/cli/__init__.py")


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)
