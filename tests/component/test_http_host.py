"""The HTTP host: routes, limits, preflight, authorizers, errors, and requests that never mix."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest
from chalice import AuthResponse, CORSConfig

from greenroom.host.http import create_app
from greenroom.runtime.function import Function, Request, Response


def client(*functions: Function, **options: int) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(functions, **options))
    return httpx.AsyncClient(transport=transport, base_url="http://host")


def ask(app: Function, method: str, path: str, **options) -> httpx.Response:
    async def once() -> httpx.Response:
        async with client(app) as http:
            return await http.request(method, path, **options)

    return asyncio.run(once())


@pytest.fixture
def app() -> Function:
    app: Function = Function("sample", "none:None")

    @app.post("/echo/{name}", auth=None)
    def echo(request: Request) -> Response:
        return Response.json(
            {
                "params": dict(request.params),
                "query": dict(request.query),
                "header": request.headers.get("x-one"),
                "body": request.body.hex(),
                "request_id": request.request_id,
            },
            201,
        )

    @app.get("/echo/fixed", auth=None)
    def fixed(request: Request) -> Response:
        return Response.html("<p>fixed</p>", headers={"Set-Cookie": "a=b"})

    return app


def test_a_request_arrives_whole_and_so_does_the_answer(app: Function) -> None:
    body = bytes(range(256))
    answer = ask(
        app,
        "POST",
        "/echo/李%20明?a=1&b=%2F",
        content=body,
        headers={"X-One": "1", "X-Request-Id": "r-1", "Content-Type": "application/json"},
    )
    assert answer.status_code == 201
    assert answer.headers["x-request-id"] == "r-1"
    assert answer.json() == {
        "params": {"name": "李 明"},
        "query": {"a": "1", "b": "/"},
        "header": "1",
        "body": body.hex(),
        "request_id": "r-1",
    }


def test_fixed_steps_come_before_parameters(app: Function) -> None:
    answer = ask(app, "GET", "/echo/fixed")
    assert answer.text == "<p>fixed</p>"
    assert answer.headers["set-cookie"] == "a=b"
    assert ask(app, "HEAD", "/echo/fixed").content == b""


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "no_such_route"),
        ("DELETE", "/echo/x", 405, "method_not_allowed"),
        ("GET", "/echo/x/y", 404, "no_such_route"),
        ("GET", "/echo/%2e%2e/x", 404, "no_such_route"),
    ],
)
def test_what_is_not_here_is_a_problem_document(
    app: Function, method: str, path: str, status: int, code: str
) -> None:
    answer = ask(app, method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_a_body_above_the_limit_is_refused(app: Function) -> None:
    async def once() -> httpx.Response:
        async with client(app, max_body_bytes=100) as http:
            return await http.post("/echo/x", content=b"x" * 101)

    answer = asyncio.run(once())
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_concurrent_requests_never_see_each_other(app: Function) -> None:
    together = threading.Barrier(8)

    @app.post("/meet/{name}", auth=None)
    def meet(request: Request) -> Response:
        together.wait(10)
        inner = app.current_request
        assert inner is not None
        return Response.json([request.params["name"], inner.uri_params["name"]])

    async def many() -> list[httpx.Response]:
        async with client(app) as http:
            return list(await asyncio.gather(*(http.post(f"/meet/n{n}") for n in range(32))))

    answers = asyncio.run(many())
    assert [answer.json() for answer in answers] == [[f"n{n}"] * 2 for n in range(32)]


def test_chalice_s_own_preflight_and_authorizers_run() -> None:
    app: Function = Function("sample", "none:None")

    @app.authorizer()
    def door(request):
        allowed = ["/guarded"] if request.token == "open" else []
        return AuthResponse(routes=allowed, principal_id="p", context={"who": "me"})

    cors = CORSConfig(allow_origin="https://jobs.example", allow_headers=["X-One"])

    @app.route("/guarded", authorizer=door, cors=cors)
    def guarded():
        return app.current_request.context["authorizer"]

    assert ask(app, "GET", "/guarded").status_code == 401
    assert ask(app, "GET", "/guarded", headers={"Authorization": "no"}).status_code == 403
    answer = ask(app, "GET", "/guarded", headers={"Authorization": "open"})
    assert (answer.status_code, answer.json()) == (200, {"who": "me", "principalId": "p"})
    assert answer.headers["access-control-allow-origin"] == "https://jobs.example"
    preflight = ask(app, "OPTIONS", "/guarded")
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-methods"] == "GET,OPTIONS"


def test_two_functions_with_one_route_do_not_start() -> None:
    one: Function = Function("one", "none:None")
    two: Function = Function("two", "none:None")
    for app in (one, two):
        app.get("/same", auth=None)(lambda request: Response.empty())
    with pytest.raises(ValueError, match="belongs to one and to two"):
        create_app([one, two])


def test_it_says_that_it_is_alive(app: Function) -> None:
    assert ask(app, "GET", "/-/health").json() == {"status": "ok"}
