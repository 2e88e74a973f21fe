"""The HTTP host over real sockets: routing, what handlers see, limits, authorizers, preflight."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from chalice.app import AuthResponse, AuthRoute, Chalice, CORSConfig, IAMAuthorizer
from chalice.app import Response as ChaliceResponse

from greenroom.domain.errors import Conflict
from greenroom.host.http import create_app
from greenroom.runtime.function import Function, Request, Response

MOST = 100_000


def small_function() -> Function[Any]:
    app: Function[Any] = Function("small", "tests.no_settings:NoSettings")

    @app.get("/v1/things/{thing}", auth=None)
    def read(request: Request) -> Response:
        return Response.json(
            {"thing": request.params["thing"], "query": dict(request.query), "path": request.path}
        )

    @app.get("/v1/things/{thing}/parts", auth=None)
    def parts(request: Request) -> Response:
        return Response.json({"parts of": request.params["thing"]})

    @app.get("/v1/things/first", auth=None)
    def first(request: Request) -> Response:
        return Response.json({"fixed": True})

    served = Counter[str]()

    @app.get("/v1/files/{name}", auth=None)
    def file(request: Request) -> Response:
        name = request.params["name"]
        served[name] += 1
        lasts = {"for-ever": "public, max-age=9, immutable", "mine": "private, immutable"}
        headers = {"Cache-Control": lasts.get(name, "public, max-age=9")}
        return Response.text(f"{name} {served[name]}", "text/plain", headers)

    @app.post("/v1/echo", auth=None)
    def echo(request: Request) -> Response:
        body = base64.b64encode(request.body).decode()
        return Response.json({"body": body, "x": request.headers.get("x-mark")}, 201)

    @app.get("/v1/conflict", auth=None)
    def conflict(request: Request) -> Response:
        raise Conflict("taken already", code="taken", owner="李")

    @app.get("/v1/broken", auth=None)
    def broken(request: Request) -> Response:
        raise RuntimeError("secret of the house")

    @app.delete("/v1/things/{thing}", auth=None)
    def gone(request: Request) -> Response:
        return Response.empty()

    return app


def chalice_function() -> Chalice:
    """Plain Chalice features that the host must run as API Gateway would."""
    app = Function("plain", "tests.no_settings:NoSettings")
    app.api.binary_types.append("image/png")

    @app.authorizer()
    def gate(auth_request: Any) -> AuthResponse:
        match auth_request.token:
            case "allow":
                return AuthResponse(["/gated", "/gated/{name}"], "user-1", {"team": "人事"})
            case "reader":
                return AuthResponse([AuthRoute("/gated", ["GET"])], "user-2")
        return AuthResponse([], "nobody")

    @app.route("/gated", methods=["GET", "POST"], authorizer=gate)
    def gated() -> Any:
        return app.current_request.context["authorizer"]

    @app.route("/shared", methods=["PUT"], cors=CORSConfig("https://hr.example.com", max_age=60))
    def shared() -> Any:
        return {}

    @app.route("/several")
    def several() -> Any:
        request = app.current_request
        cookies = {"Set-Cookie": ["a=1", "b=2"]}
        found = {
            "query": request.query_params.getlist("k"),
            "headers": app.current_request.to_original_event()["multiValueHeaders"]["x-k"],
        }
        return ChaliceResponse(found, headers=cookies)

    @app.route("/picture")
    def picture() -> Any:
        return ChaliceResponse(b"\x89PNG\x00\xff", headers={"Content-Type": "image/png"})

    return app


@contextmanager
def served(*apps: Any, **options: Any) -> Iterator[str]:
    config = uvicorn.Config(create_app(apps, **options), http="h11", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(small_function(), chalice_function(), max_body_bytes=MOST) as url:
        yield url


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=10) as client:
        yield client


def raw(url: str, request: bytes) -> bytes:
    """The answer to bytes that no HTTP client would send."""
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while block := connection.recv(65536):
            answer += block
    return answer


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert document["code"] == code
    assert response.headers["x-request-id"]
    found: dict[str, Any] = document
    return found


def test_paths_and_queries_arrive_decoded(http: httpx.Client) -> None:
    answer = http.get("/v1/things/%E6%9D%8E%20x?name=%E6%9D%8E+%26&empty=").json()
    assert answer["thing"] == "李 x"
    assert answer["query"] == {"name": "李 &", "empty": ""}


def test_the_more_specific_route_wins(http: httpx.Client) -> None:
    assert http.get("/v1/things/first").json() == {"fixed": True}
    assert http.get("/v1/things/2").json()["thing"] == "2"
    assert http.get("/v1/things/2/parts").json() == {"parts of": "2"}


def test_a_body_arrives_byte_for_byte(http: httpx.Client) -> None:
    body = bytes(range(256)) * 3
    answer = http.post("/v1/echo", content=body, headers={"X-Mark": "m"})
    assert answer.status_code == 201
    assert base64.b64decode(answer.json()["body"]) == body
    assert answer.json()["x"] == "m"


def test_repeated_headers_queries_and_cookies(http: httpx.Client) -> None:
    answer = http.get("/several?k=1&k=2", headers=[("X-K", "a"), ("X-K", "b")])
    assert answer.json() == {"query": ["1", "2"], "headers": ["a", "b"]}
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_bytes_come_back(http: httpx.Client) -> None:
    answer = http.get("/picture", headers={"Accept": "image/png"})
    assert answer.content == b"\x89PNG\x00\xff"


def test_head_is_get_without_a_body(http: httpx.Client) -> None:
    full, head = http.get("/v1/things/2"), http.head("/v1/things/2")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == full.headers["content-length"]


def test_an_empty_answer_has_no_body(http: httpx.Client) -> None:
    answer = http.delete("/v1/things/2")
    assert answer.status_code == 204
    assert "content-length" not in answer.headers


def test_nothing_there(http: httpx.Client) -> None:
    problem(http.get("/v1/nothing"), 404, "no_such_route")
    problem(http.get("/v1/things/"), 404, "no_such_route")
    problem(http.get("/v1/things/%2e%2e/x"), 404, "no_such_route")
    # A slash too many is not led elsewhere: the Location would be made of the request's Host.
    problem(http.get("/v1/things/2/", headers={"Host": "evil.example"}), 404, "no_such_route")


def test_another_method(http: httpx.Client) -> None:
    answer = http.put("/v1/things/2")
    problem(answer, 405, "method_not_allowed")
    assert {"GET", "DELETE"} <= set(answer.headers["allow"].split(", "))
    problem(http.options("/v1/things/2"), 405, "method_not_allowed")


def test_errors_are_problems_and_tell_nothing_of_the_house(http: httpx.Client) -> None:
    assert problem(http.get("/v1/conflict"), 409, "taken")["owner"] == "李"
    broken = http.get("/v1/broken")
    problem(broken, 500, "internal")
    assert "secret" not in broken.text
    assert "Traceback" not in broken.text


def test_a_media_type_that_the_route_does_not_take(http: httpx.Client) -> None:
    answer = http.post("/v1/echo", content=b"x", headers={"Content-Type": "image/gif"})
    problem(answer, 415, "unsupported_media_type")


def test_a_body_too_large_is_refused(http: httpx.Client, url: str) -> None:
    assert http.post("/v1/echo", content=b"a" * MOST).status_code == 201
    problem(http.post("/v1/echo", content=b"a" * (MOST + 1)), 413, "body_too_large")
    # Announced, it is refused before a byte of it came.
    head = f"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: {MOST + 1}\r\n"
    head += "Connection: close\r\n\r\n"
    assert raw(url, head.encode()).startswith(b"HTTP/1.1 413")


def test_a_body_too_large_of_unknown_length_is_refused(http: httpx.Client) -> None:
    blocks = (b"a" * 10_000 for _ in range(20))
    problem(http.post("/v1/echo", content=blocks), 413, "body_too_large")


def test_a_body_that_does_not_come_is_given_up() -> None:
    with served(small_function(), body_s=0.2) as url:
        head = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\nhalf"
        answer = raw(url, head)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"body_too_slow" in answer


def test_headers_without_end_are_cut_off(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /-/health HTTP/1.1\r\n")
        with pytest.raises(OSError, match=r"reset|[Bb]roken"):
            for number in range(2000):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"a" * 30_000))


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /v1/things/2 HTTP/1.1\r\nHost: evil/x?y#z\r\n",
        b"GET /v1/things/2 HTTP/1.1\r\nHost: \xff\r\n",
    ],
)
def test_a_hostile_host_header_changes_no_path(url: str, request_line: bytes) -> None:
    answer = raw(url, request_line + b"Connection: close\r\n\r\n")
    status, body = answer.split(b"\r\n")[0], answer.rpartition(b"\r\n\r\n")[2]
    assert status in (b"HTTP/1.1 200 OK", b"HTTP/1.1 400 Bad Request")
    if status.endswith(b"OK"):
        assert json.loads(body)["path"] == "/v1/things/2"


def test_the_request_id_is_the_callers_where_it_is_harmless(http: httpx.Client) -> None:
    given = http.get("/v1/things/2", headers={"X-Request-Id": "abc-1"})
    assert given.headers["x-request-id"] == "abc-1"
    for hostile in ("a" * 65, 'a"b', "a b", "<x>"):
        answer = http.get("/v1/things/2", headers={"X-Request-Id": hostile})
        assert answer.headers["x-request-id"] != hostile


def test_what_anybody_may_keep_for_ever_is_asked_of_the_function_once(http: httpx.Client) -> None:
    def texts(path: str) -> list[str]:
        return [http.get(path).text for _ in range(2)]

    assert texts("/v1/files/for-ever") == ["for-ever 1", "for-ever 1"]
    assert texts("/v1/files/for-ever?other=1") == ["for-ever 2", "for-ever 3"]
    assert texts("/v1/files/mine") == ["mine 1", "mine 2"]
    assert texts("/v1/files/a-day") == ["a-day 1", "a-day 2"]
    first, second = (http.get("/v1/files/for-ever", headers={"X-Request-Id": one}) for one in "ab")
    assert [first.headers.pop("X-Request-Id"), second.headers.pop("X-Request-Id")] == ["a", "b"]
    assert {**first.headers, "date": ""} == {**second.headers, "date": ""}
    bare = http.head("/v1/files/for-ever")
    assert (bare.status_code, bare.text) == (200, "")
    assert bare.headers["content-length"] == str(len("for-ever 1"))
    assert http.post("/v1/files/for-ever").status_code == 405


def test_health(http: httpx.Client) -> None:
    assert http.get("/-/health").json() == {"status": "ok"}


def test_authorizers_decide_first(http: httpx.Client) -> None:
    allowed = http.get("/gated", headers={"Authorization": "allow"}).json()
    assert allowed == {"team": "人事", "principalId": "user-1"}
    assert http.post("/gated", json={}, headers={"Authorization": "allow"}).status_code == 200
    assert http.get("/gated", headers={"Authorization": "reader"}).status_code == 200
    problem(http.get("/gated"), 401, "credential_missing")
    problem(http.get("/gated", headers={"Authorization": "other"}), 403, "not_authorized")
    denied = http.post("/gated", json={}, headers={"Authorization": "reader"})
    problem(denied, 403, "not_authorized")


def test_an_authorizer_that_only_aws_can_run_does_not_start() -> None:
    app = Function("cloud", "tests.no_settings:NoSettings")
    app.route("/cloud", authorizer=IAMAuthorizer())(lambda: {})
    with pytest.raises(ValueError, match="only AWS"):
        create_app([app])


def test_preflight_and_cors_headers(http: httpx.Client) -> None:
    asked = {"Origin": "https://hr.example.com", "Access-Control-Request-Method": "PUT"}
    preflight = http.options("/shared", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://hr.example.com"
    assert preflight.headers["access-control-max-age"] == "60"
    assert set(preflight.headers["access-control-allow-methods"].split(",")) == {"PUT", "OPTIONS"}
    actual = http.put("/shared", json={}, headers={"Origin": "https://hr.example.com"})
    assert actual.headers["access-control-allow-origin"] == "https://hr.example.com"
    assert "access-control-allow-origin" not in http.get("/v1/things/2").headers


def test_two_functions_with_one_route_do_not_start() -> None:
    with pytest.raises(ValueError, match="belongs to small and to small"):
        create_app([small_function(), small_function()])


def test_no_thread_ever_sees_anothers_request() -> None:
    """16 requests are inside their handlers at once, each having waited for all the others."""
    app: Function[Any] = Function("crowd", "tests.no_settings:NoSettings")
    meeting = threading.Barrier(16, timeout=20)

    @app.post("/v1/crowd/{who}", auth=None)
    def crowd(request: Request) -> Response:
        meeting.wait()
        now = app.current_request
        seen = [now.headers["x-who"], now.uri_params["who"], now.raw_body.decode()]
        return Response.json([*seen, request.params["who"], request.body.decode()])

    wrong: Counter[str] = Counter()
    with served(app, threads=16) as url, httpx.Client(base_url=url, timeout=30) as http:

        def ask(number: int) -> None:
            who = f"w{number}"
            answer = http.post(f"/v1/crowd/{who}", content=who, headers={"X-Who": who})
            wrong.update({who: sum(value != who for value in answer.json())})

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(ask, range(16 * 20)))
    assert len(wrong) == 16 * 20
    assert wrong.total() == 0


def test_more_requests_than_threads_wait_their_turn() -> None:
    app: Function[Any] = Function("narrow", "tests.no_settings:NoSettings")
    inside, most, lock = [0], [0], threading.Lock()

    @app.get("/v1/narrow", auth=None)
    def narrow(request: Request) -> Response:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        threading.Event().wait(0.005)
        with lock:
            inside[0] -= 1
        return Response.empty()

    with (
        served(app, threads=3) as url,
        httpx.Client(base_url=url, timeout=30) as http,
        ThreadPoolExecutor(12) as pool,
    ):
        statuses = set(pool.map(lambda _: http.get("/v1/narrow").status_code, range(60)))
    assert statuses == {204}
    assert most[0] == 3
