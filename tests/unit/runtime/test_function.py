"""Function over Chalice: triggers, schedules, errors as problems, one request per thread."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from greenroom.domain.errors import Conflict, Invalid, Unavailable
from greenroom.runtime.function import Function, ObjectCreated, Request, Response, overlapping
from greenroom.runtime.settings import FunctionSettings, StoreSettings

HERE = "tests.unit.runtime.test_function"


class Settings(FunctionSettings):
    store: StoreSettings


def function() -> Function[Settings]:
    return Function("sample", "tests.unit.runtime.test_function:Settings")


def http_event(method: str, path: str, resource: str, params: dict | None = None, **over) -> dict:
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": params or {},
        "stageVariables": None,
        "requestContext": {"resourcePath": resource, "httpMethod": method, "requestId": "r1"},
        "body": None,
        "isBase64Encoded": False,
    } | over


def sqs(*bodies: str) -> dict:
    return {
        "Records": [
            {"messageId": f"m{number}", "receiptHandle": "r", "body": body, "attributes": {}}
            for number, body in enumerate(bodies)
        ]
    }


def notification(*keys: str) -> str:
    records = [
        {
            "eventSource": "ceph:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "b"}, "object": {"key": key, "size": 1}},
        }
        for key in keys
    ]
    return json.dumps({"Records": records})


def test_objects_start_the_handler_whose_prefix_and_suffix_fit() -> None:
    app, seen = function(), []

    @app.on_object("a/", suffix=".json")
    def one(event: ObjectCreated) -> None:
        seen.append(("one", event.key))

    @app.on_object("b/", suffix="/x.json")
    def two(event: ObjectCreated) -> None:
        seen.append(("two", event.key))

    assert app.objects is not None
    outcome = app.objects(sqs(notification("a/1.json", "b/1.json", "b/2/x.json", "c/1.json")), None)
    assert seen == [("one", "a/1.json"), ("two", "b/2/x.json")]
    assert outcome == {"batchItemFailures": []}


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Invalid("bad"), False),
        (Unavailable("later"), True),
        (ValueError("a fault of ours"), True),
    ],
)
def test_only_what_may_succeed_later_goes_back_to_the_queue(error: Exception, again: bool) -> None:
    app = function()

    @app.on_object("a/", suffix=".json")
    def handler(event: ObjectCreated) -> None:
        if event.key == "a/bad.json":
            raise error

    assert app.objects is not None
    outcome = app.objects(sqs(notification("a/1.json"), notification("a/bad.json")), None)
    assert outcome == {"batchItemFailures": [{"itemIdentifier": "m1"}] if again else []}


def test_errors_become_problem_documents() -> None:
    app = function()

    @app.get("/things/{name}", auth=None)
    def thing(request: Request) -> Response:
        raise Conflict(f"{request.params['name']} is taken", code="taken", hint="another")

    found = app(http_event("GET", "/things/x", "/things/{name}", {"name": "x"}), None)
    assert found["statusCode"] == 409
    assert found["headers"]["Content-Type"] == "application/problem+json"
    problem = json.loads(found["body"])
    assert problem["code"] == "taken"
    assert problem["hint"] == "another"
    assert problem["status"] == 409


def test_a_fault_of_ours_tells_nothing_of_the_inside() -> None:
    app = function()

    @app.get("/things", auth=None)
    def thing(request: Request) -> Response:
        raise ValueError("secret detail")

    found = app(http_event("GET", "/things", "/things"), None)
    assert found["statusCode"] == 500
    assert "secret" not in found["body"]
    assert json.loads(found["body"])["code"] == "internal"


def test_a_route_with_auth_refuses_without_a_credential() -> None:
    app = function()

    @app.get("/things", auth=app.api_key("things:read"))
    def thing(request: Request) -> Response:
        raise AssertionError("never reached")

    found = app(http_event("GET", "/things", "/things"), None)
    assert found["statusCode"] == 401
    assert json.loads(found["body"])["code"] == "credential_missing"


def test_sixteen_threads_never_see_each_other_s_request() -> None:
    app = function()
    together = threading.Barrier(16)

    @app.get("/things/{name}", auth=None)
    def thing(request: Request) -> Response:
        together.wait(10)  # all are inside at the same time
        inner = app.current_request
        assert inner is not None
        return Response.json([request.params["name"], inner.uri_params["name"]])

    def ask(number: int) -> list[str]:
        name = f"n{number}"
        found = app(http_event("GET", f"/things/{name}", "/things/{name}", {"name": name}), None)
        return json.loads(found["body"])

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(160)))
    assert answers == [[f"n{number}"] * 2 for number in range(160)]


def test_triggers_that_one_key_could_satisfy_twice_are_found() -> None:
    assert overlapping([("a/", ".json"), ("b/", ".json")]) == []
    assert overlapping([("a/", "/x.json"), ("a/", "/y.json")]) == []
    assert overlapping([("a/", ".json"), ("a/b/", "/y.json")]) == [
        (("a/", ".json"), ("a/b/", "/y.json"))
    ]
