"""Small reads from the store: what is missing, denied or cut short is said; a short answer never passes for a whole."""

import socket
import threading
from collections.abc import Iterator

import pytest

from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.errors import Forbidden, NotFound, Unavailable
from tests.pocket import ACCESS_KEY, BUCKET, Pocket


def store_at(url: str, secret_key: str = "pocketsecret") -> ObjectStore:
    return ObjectStore(bucket=BUCKET, endpoint=url, access_key=ACCESS_KEY, secret_key=secret_key)


@pytest.mark.parametrize("key", ["plain", "with space/ü+%25~(1)'!*"])
def test_a_whole_object_and_its_beginning(pocket: Pocket, store: ObjectStore, key: str) -> None:
    store.put(key, b"0123456789")
    assert store.read(key, at_most=100) == b"0123456789"
    assert store.read(key, at_most=10) == b"0123456789"
    assert store.read(key, at_most=4) == b"0123"


def test_what_is_not_there_and_what_is_denied(pocket: Pocket, store: ObjectStore) -> None:
    with pytest.raises(NotFound):
        store.read("nothing", at_most=1)
    store.put("something", b"x")
    with pytest.raises(Forbidden):
        store_at(pocket.url, "another secret").read("something", at_most=1)


def test_a_store_that_is_down() -> None:
    with pytest.raises(Unavailable):
        store_at("http://127.0.0.1:9").read("any", at_most=1)


@pytest.fixture
def half_an_answer() -> Iterator[str]:
    """A server that announces ten bytes, sends five and hangs up, each time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("at_most", [100, 10])
def test_an_answer_cut_short_is_an_error(half_an_answer: str, at_most: int) -> None:
    with pytest.raises(Unavailable):
        store_at(half_an_answer).read("any", at_most=at_most)
