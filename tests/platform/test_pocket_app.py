"""The pocket store within this process, where its clock can be set."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from greenroom_local.database import connect
from greenroom_local.object_store.app import create_app
from greenroom_local.object_store.settings import StoreSettings
from tests.platform.signing import header_signed, object_url
from tests.platform.stores import ACCESS_KEY, SECRET_KEY, Store

STORE = Store("pocket", "http://pocket.test", ACCESS_KEY, SECRET_KEY)


async def answer_to(app: Any, method: str, path: str, query: str, receive: Any) -> list[Message]:
    """One signed request, straight to the app."""
    url = object_url(STORE, "", "").rstrip("/") + path + (f"?{query}" if query else "")
    headers = {**header_signed(STORE, method, url, unsigned_payload=True), "Host": "pocket.test"}
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        + [(b"content-length", b"5")],
    }
    await app(scope, receive, send)
    return sent


async def no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def app_of(folder: Path, **options: Any) -> Any:
    clock = options.pop("clock", lambda: dt.datetime.now(dt.UTC))
    settings = StoreSettings(
        folder=folder, access_key=ACCESS_KEY, secret_key=SECRET_KEY, reserve_bytes=0, **options
    )
    return create_app(settings, clock)


@pytest.mark.parametrize("end", ["stall", "hang up"])
def test_an_upload_that_never_ends_leaves_nothing(tmp_path: Path, end: str) -> None:
    async def run() -> list[Message]:
        app = app_of(tmp_path, stall_s=0.05)
        pieces = iter([{"type": "http.request", "body": b"123", "more_body": True}])

        async def receive() -> Message:
            for message in pieces:
                return message
            if end == "hang up":
                return {"type": "http.disconnect"}
            return await asyncio.Future()

        async with app.router.lifespan_context(app):
            await answer_to(app, "PUT", "/bucket", "", no_body)
            return await answer_to(app, "PUT", "/bucket/k", "", receive)

    sent = asyncio.run(run())
    if end == "stall":
        assert sent[0]["status"] == 400
        assert b"<Code>RequestTimeout</Code>" in sent[1]["body"]
        assert (b"connection", b"close") in sent[0]["headers"]
    else:
        assert sent == []
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_uploads_given_up_are_forgotten_at_the_next_start(tmp_path: Path) -> None:
    async def run(days: int, *requests: tuple[str, str, str]) -> list[int]:
        def later() -> dt.datetime:
            return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)

        app = app_of(tmp_path, clock=later)
        async with app.router.lifespan_context(app):
            return [(await answer_to(app, *request, no_body))[0]["status"] for request in requests]

    begun = asyncio.run(run(0, ("PUT", "/bucket", ""), ("POST", "/bucket/k", "uploads=")))
    assert begun == [200, 200]
    asyncio.run(run(0))
    connection = connect(tmp_path)
    assert connection.execute("SELECT count(*) FROM uploads").fetchone() == (1,)
    asyncio.run(run(2))
    assert connection.execute("SELECT count(*) FROM uploads").fetchone() == (0,)
    connection.close()
