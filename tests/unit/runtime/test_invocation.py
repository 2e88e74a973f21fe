"""What a FaaS sends reaches the handler that it is for, with nothing left out."""

import json
from typing import Any

import pytest

from greenroom.domain.errors import NotFound
from greenroom.runtime.function import Function, ObjectCreated, Request, Response, Scheduled
from greenroom.runtime.invocation import routed


@pytest.fixture
def seen() -> list[Any]:
    return []


@pytest.fixture
def app(seen: list[Any]) -> Function[Any]:
    app: Function[Any] = Function("sample", "greenroom.runtime.settings:FunctionSettings")

    @app.on_object("uploads/", suffix="/manifest.json")
    def created(event: ObjectCreated) -> None:
        seen.append(event.key)

    @app.on_schedule("sweep", minutes=1)
    def sweep(event: Scheduled) -> None:
        seen.append((event.name, event.time))

    @app.get("/things/{thing}", auth=None)
    def read(request: Request) -> Response:
        return Response.json({"thing": request.params["thing"], "path": request.path})

    @app.get("/things/newest", auth=None)
    def newest(request: Request) -> Response:
        return Response.json({"thing": "the newest"})

    return app


def request(path: str, method: str = "GET") -> dict[str, Any]:
    """As a gateway sends it that knows the prefix alone."""
    return {
        "resource": "/things/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.removeprefix("/things/")},
        "requestContext": {"resourcePath": "/things/{proxy+}", "httpMethod": method, "path": path},
        "body": None,
        "isBase64Encoded": False,
        "stageVariables": None,
    }


def test_records_of_a_queue_reach_the_object_handler(app: Function[Any], seen: list[Any]) -> None:
    key = "uploads/i/a/1/manifest.json"
    body = {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "b"}, "object": {"key": key, "size": 1}},
            }
        ]
    }
    record = {"messageId": "m1", "receiptHandle": "r", "body": json.dumps(body)}
    assert app({"Records": [record]}, None) == {"batchItemFailures": []}
    assert seen == [key]


def test_a_tick_reaches_the_schedule_that_it_names(app: Function[Any], seen: list[Any]) -> None:
    app({"source": "greenroom.schedule", "time": "now", "detail": {"name": "sweep"}}, None)
    assert seen == [("sweep", "now")]


def test_a_request_finds_its_route_where_the_gateway_knows_the_prefix_only(
    app: Function[Any],
) -> None:
    answer = app(request("/things/seven"), None)
    assert json.loads(answer["body"]) == {"thing": "seven", "path": "/things/seven"}


def test_a_route_without_parameters_comes_first(app: Function[Any]) -> None:
    assert json.loads(app(request("/things/newest"), None)["body"]) == {"thing": "the newest"}


def test_what_nobody_handles_is_refused(app: Function[Any]) -> None:
    with pytest.raises(NotFound, match="no schedule backup"):
        app({"source": "greenroom.schedule", "detail": {"name": "backup"}}, None)
    bare: Function[Any] = Function("bare", "nowhere:Settings")
    with pytest.raises(NotFound, match="takes no objects"):
        bare({"Records": []}, None)


@pytest.mark.parametrize("path", ["/things/a/b", "/things/", "/other"])
def test_a_path_that_no_route_fits_is_left_as_it_came(app: Function[Any], path: str) -> None:
    event = request(path)
    assert routed(event, app.routes) == event
