"""The OpenAPI documents are valid and name exactly the API routes that the functions have."""

from importlib import import_module
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

FILES = sorted(Path("contracts/openapi").glob("*.yaml"))
METHODS = {"get", "put", "post", "delete", "patch"}


def test_every_http_api_has_its_document() -> None:
    with_api = {
        path.parent.name
        for path in Path("functions").glob("*/app.py")
        if any(
            route.startswith("/v1/")
            for route in import_module(f"functions.{path.parent.name}.app").app.routes
        )
    }
    assert {path.stem for path in FILES} == with_api


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_document_is_valid(path: Path) -> None:
    validate(yaml.safe_load(path.read_text("utf-8")), base_uri=path.resolve().as_uri())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_documented_and_real_routes_are_the_same(path: Path) -> None:
    routes = import_module(f"functions.{path.stem}.app").app.routes
    real = {
        (route, method.lower())
        for route, methods in routes.items()
        for method in methods
        if route.startswith("/v1/")
    }
    documented = {
        (route, method)
        for route, item in yaml.safe_load(path.read_text("utf-8"))["paths"].items()
        for method in item
        if method in METHODS
    }
    assert documented == real


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_operation_says_that_it_may_fail(path: Path) -> None:
    """500 and 503 with `Retry-After`: a client that was not told of them does not try again."""
    for route, item in yaml.safe_load(path.read_text("utf-8"))["paths"].items():
        for method in METHODS & set(item):
            assert {"500", "503"} <= set(item[method]["responses"]), f"{method} {route}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_path_is_written_twice(path: Path) -> None:
    """YAML keeps the last of two and says nothing."""
    lines = path.read_text("utf-8").splitlines()
    routes = [line for line in lines if line.startswith("  /v1/")]
    assert len(routes) == len(set(routes))
