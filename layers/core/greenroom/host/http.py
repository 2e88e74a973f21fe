"""Serves Chalice functions over HTTP: an ASGI app for uvicorn, one process per replica.

    python -m greenroom.host.http --functions portal,console --port 8080

Handlers are synchronous and run in a bounded pool of threads. Calling a Chalice app directly would skip its
authorizers, its preflight and every limit; they are here.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenroom.domain.errors import GreenroomError, NotFound, TooLarge
from greenroom.host.authorizers import authorize
from greenroom.host.gateway_event import proxy_event, response_of
from greenroom.host.wiring import load_function
from greenroom.runtime.http import problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from greenroom.runtime.function import Function

MAX_BODY_BYTES = 16 * 2**20
"""Largest request body: a batch of 5,000 candidates with résumés, or a manifest of 20,000 parts."""
THREADS = 32
HEALTH = "/-/health"

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(
    functions: Iterable[Function[Any]],
    *,
    max_body_bytes: int = MAX_BODY_BYTES,
    threads: int = THREADS,
) -> Starlette:
    """One ASGI app over the routes of all `functions`. Two functions with the same route are an error."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="handler")
    tables: dict[str, tuple[Function[Any], Mapping[str, Any]]] = {}
    methods: Mapping[str, Any]
    for function in functions:
        for path, methods in function.routes.items():
            if path in tables:
                other = tables[path][0].app_name
                raise ValueError(f"{path} belongs to {other} and to {function.app_name}")
            tables[path] = (function, methods)
    routes = [Route(HEALTH, _health, methods=["GET"])]
    for path in sorted(tables, key=_specific_first):
        function, methods = tables[path]
        endpoint = _endpoint(function, path, methods, pool, max_body_bytes)
        allowed = [*methods, *(["OPTIONS"] if _cors(methods) else [])]
        routes.append(Route(path, endpoint, methods=allowed))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        pool.shutdown()

    handlers: Mapping[Any, Any] = {HTTPException: _refused, GreenroomError: _failed}
    return Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)


def _endpoint(
    function: Function[Any],
    path: str,
    methods: Mapping[str, Any],
    pool: ThreadPoolExecutor,
    max_body_bytes: int,
) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS" and "OPTIONS" not in methods:
            return _preflight(methods)
        body = await _body(request, max_body_bytes)
        request_id = request.headers.get("x-request-id", "")[:64] or secrets.token_hex(8)
        event = proxy_event(request, body, resource=path, request_id=request_id)
        if request.method == "HEAD":  # Starlette drops the body of what GET answers
            event["httpMethod"] = event["requestContext"]["httpMethod"] = "GET"
        authorizer = methods[event["httpMethod"]].authorizer
        call = functools.partial(_invoke, function, event, authorizer)
        result = await asyncio.get_running_loop().run_in_executor(pool, call)
        response = response_of(result)
        response.headers["X-Request-Id"] = request_id
        return response

    return endpoint


def _invoke(function: Function[Any], event: dict[str, Any], authorizer: Any) -> dict[str, Any]:
    authorize(authorizer, event)
    found: dict[str, Any] = function(event, None)
    return found


async def _body(request: Request, most: int) -> bytes:
    """The whole body. Raises `TooLarge` (`body_too_large`) as soon as that is known."""
    blocks, size = [], 0
    async for block in request.stream():
        size += len(block)
        if size > most:
            raise TooLarge(f"a body of more than {most} bytes", code="body_too_large")
        blocks.append(block)
    return b"".join(blocks)


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


def _problem(error: GreenroomError, request: Request) -> Response:
    found = problem(error, request.url.path)
    return Response(found.body, status_code=found.status, headers=found.headers)


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
