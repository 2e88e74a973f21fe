"""Serves Chalice functions over HTTP: an ASGI app for uvicorn, one process per replica.

    python -m greenroom.host.http --functions portal,console --port 8080

Handlers are synchronous and run in a bounded pool of threads. Calling a Chalice app directly would skip its
authorizers, its preflight and every limit; they are here.
"""

from __future__ import annotations

import argparse
import asyncio
import contextvars
import json
import re
import secrets
import socket
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from greenroom.domain.errors import GreenroomError, NotFound, TooLarge
from greenroom.host.authorizers import authorize, known
from greenroom.host.gateway_event import proxy_event, refusal_of, response_of
from greenroom.host.kept_answers import KeptAnswers
from greenroom.host.own_metrics import METRICS, own_metrics
from greenroom.host.wiring import load_function
from greenroom.runtime.http import problem
from greenroom.runtime.metrics import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from greenroom.runtime.function import Function

MAX_BODY_BYTES = 16 * 2**20
"""Largest request body: a batch of 5,000 candidates with résumés, or a manifest of 20,000 parts."""
BODY_S = 120.0
"""How long a body may take to arrive, in seconds: a full one at 1 Mbit/s."""
THREADS = 32
HEALTH = "/-/health"
READY = "/-/ready"
CLIENT_LEFT = 499
"""Status in the log for a client that went away in the middle of its request (nginx's number)."""

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")


def create_app(
    functions: Iterable[Function[Any]],
    *,
    max_body_bytes: int = MAX_BODY_BYTES,
    body_s: float = BODY_S,
    threads: int = THREADS,
) -> Starlette:
    """One ASGI app over the routes of all `functions`.

    Raises ValueError for two functions with the same route, and for an authorizer that only AWS can run.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="handler")
    kept = KeptAnswers()
    tables: dict[str, tuple[Function[Any], Mapping[str, Any]]] = {}
    methods: Mapping[str, Any]
    for function in functions:
        for path, methods in function.routes.items():
            if path in tables:
                other = tables[path][0].app_name
                raise ValueError(f"{path} belongs to {other} and to {function.app_name}")
            if not all(known(entry.authorizer) for entry in methods.values()):
                raise ValueError(f"{path} has an authorizer that only AWS can run")
            tables[path] = (function, methods)
    served = list(dict.fromkeys(function for function, _methods in tables.values()))
    routes = [
        Route(HEALTH, _health, methods=["GET"]),
        Route(READY, _Readiness(served, pool).answer, methods=["GET"]),
        Route(METRICS, _metrics, methods=["GET"]),
    ]
    for path in sorted(tables, key=_specific_first):
        function, methods = tables[path]
        endpoint = _Endpoint(function, path, methods, pool, kept, max_body_bytes, body_s)
        allowed = [*methods, *(["OPTIONS"] if _cors(methods) else [])]
        routes.append(Route(path, endpoint.answer, methods=allowed))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        pool.shutdown()

    handlers: Mapping[Any, Any] = {
        HTTPException: _refused,
        GreenroomError: _failed,
        ClientDisconnect: _left,
        Exception: _broken,
    }
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    # The redirect would lead to whatever host the request names.
    app.router.redirect_slashes = False
    return app


class _Readiness:
    """Whether requests can be served now: the database of every function answers."""

    def __init__(self, functions: list[Function[Any]], pool: ThreadPoolExecutor) -> None:
        self._functions = functions
        self._pool = pool

    async def answer(self, _request: Request) -> Response:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._check)
        return Response(status_code=204)

    def _check(self) -> None:
        """Raises `Unavailable`, which is answered with 503."""
        for function in self._functions:
            function.database.ping()


class _Endpoint:
    """One path of one function."""

    def __init__(
        self,
        function: Function[Any],
        path: str,
        methods: Mapping[str, Any],
        pool: ThreadPoolExecutor,
        kept: KeptAnswers,
        max_body_bytes: int,
        body_s: float,
    ) -> None:
        self._function = function
        self._path = path
        self._methods = methods
        self._pool = pool
        self._kept = kept
        self._max_body_bytes = max_body_bytes
        self._body_s = body_s

    async def answer(self, request: Request) -> Response:
        request_id = _request_id(request)
        request.state.request_id = request_id
        method = request.method
        if method == "OPTIONS" and "OPTIONS" not in self._methods:
            return _preflight(self._methods)
        if method == "HEAD" and "HEAD" not in self._methods:
            method = "GET"  # the server sends the headers of what GET answers, without its body
        body = await _body(request, self._max_body_bytes, self._body_s)
        known = self._kept.get(request)
        if known is not None:
            known.headers["X-Request-Id"] = request_id
            return known
        event = proxy_event(
            request, body, method=method, resource=self._path, request_id=request_id
        )
        # A context of its own for each call: nothing that a handler leaves in one is seen by the next.
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._pool, context.run, self._call, event)
        refusal = refusal_of(result)
        response = response_of(result) if refusal is None else _problem(refusal, request)
        self._kept.keep(request, response)
        response.headers["X-Request-Id"] = request_id
        return response

    def _call(self, event: dict[str, Any]) -> dict[str, Any]:
        authorize(self._methods[event["httpMethod"]].authorizer, event)
        found: dict[str, Any] = self._function(event, None)
        return found


async def _body(request: Request, most: int, within_s: float) -> bytes:
    """The whole body. Raises `TooLarge` (`body_too_large`) as soon as that is known, `GreenroomError`
    (`body_too_slow`) when it does not arrive in time."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise _too_large(most)
    blocks, size = [], 0
    try:
        async with asyncio.timeout(within_s):
            async for block in request.stream():
                size += len(block)
                if size > most:
                    raise _too_large(most)
                blocks.append(block)
    except TimeoutError:
        slow = GreenroomError(f"no whole body within {within_s:.0f} s", code="body_too_slow")
        slow.status = 408
        raise slow from None
    return b"".join(blocks)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"a body of more than {most} bytes", code="body_too_large")


def _request_id(request: Request) -> str:
    """The caller's, where it is one that may stand in a log; else a new one."""
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else secrets.token_hex(8)


def _preflight(methods: Mapping[str, Any]) -> Response:
    cors = _cors(methods)
    headers = dict(cors.get_access_control_headers()) if cors else {}
    headers["Access-Control-Allow-Methods"] = ",".join([*methods, "OPTIONS"])
    return Response(status_code=204, headers=headers)


def _cors(methods: Mapping[str, Any]) -> Any:
    return next((entry.cors for entry in methods.values() if entry.cors), None)


def _specific_first(path: str) -> tuple[tuple[bool, str], ...]:
    """Fixed steps before parameters, so that ``/a/b`` is not taken for ``/a/{name}``."""
    return tuple((step.startswith("{"), step) for step in path.split("/"))


async def _health(_request: Request) -> Response:
    return Response(json.dumps({"status": "ok"}), media_type="application/json")


async def _metrics(_request: Request) -> Response:
    return Response(own_metrics(), media_type=MEDIA_TYPE)


async def _refused(request: Request, error: HTTPException) -> Response:
    """No such route, or not by this method."""
    if error.status_code == 405:
        wrong = GreenroomError(f"{request.method} is not answered here", code="method_not_allowed")
        wrong.status = 405
    else:
        wrong = NotFound("nothing is here", code="no_such_route")
        wrong.status = error.status_code
    response = _problem(wrong, request)
    response.headers.update(error.headers or {})
    return response


async def _failed(request: Request, error: GreenroomError) -> Response:
    return _problem(error, request)


async def _left(_request: Request, _error: ClientDisconnect) -> Response:
    """Nobody reads this answer; it spares the log a traceback."""
    return Response(status_code=CLIENT_LEFT)


async def _broken(request: Request, _error: Exception) -> Response:
    """A fault of ours outside a handler. Starlette raises it again, so that the server logs it."""
    return _problem(GreenroomError("an error of ours; it was logged"), request)


def _problem(error: GreenroomError, request: Request) -> Response:
    found = problem(error, str(request.scope["path"]))
    response = Response(found.body, status_code=found.status, headers=found.headers)
    response.headers["X-Request-Id"] = getattr(request.state, "request_id", _request_id(request))
    return response


def serve(functions: Iterable[str], host: str, port: int) -> None:
    """Load the functions, check their settings, serve until SIGTERM. Port 0 takes a free one.

    The first line on standard output is the URL. Raises `MisconfiguredSetting`.
    """
    import uvicorn

    from greenroom.runtime import logs

    logs.configure()
    apps = [load_function(name) for name in functions]
    for app in apps:
        _ = app.settings  # a bad setting stops the start, not the first request
    with socket.create_server((host, port), backlog=2048) as listener:
        sys.stdout.write(f"http://{host}:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            create_app(apps),
            http="h11",  # it bounds the headers (64 KiB); httptools takes them without end
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _from_command_line() -> None:
    parser = argparse.ArgumentParser(prog="greenroom.host.http", description=__doc__)
    parser.add_argument("--functions", required=True, help="names, separated by commas")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    arguments = parser.parse_args()
    serve(arguments.functions.split(","), arguments.host, arguments.port)


if __name__ == "__main__":
    _from_command_line()
