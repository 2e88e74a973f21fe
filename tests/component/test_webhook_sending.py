"""Sending one webhook to a real receiver: signature, headers, and every way in which it can fail."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from greenroom.adapters.receivers import AllowList
from greenroom.adapters.webhooks import DeliveryFailed, WebhookSender
from greenroom.domain.events import Event, EventData, EventType
from tests.webhook_receiver import WebhookReceiver

OTHER_SECRET = "whsec_" + "WFla" * 11


def event() -> Event:
    data = EventData(
        interview="itv_a", batch="bat_a", candidate="c1", state="invited", ehr_status="待面试"
    )
    return Event(
        id="evt_1",
        type=EventType.INTERVIEW_INVITED,
        subject="itv_a",
        time=datetime(2026, 3, 5, 10, tzinfo=UTC),
        sequence=2,
        data=data,
    )


def sender(timeout_s: float = 5) -> WebhookSender:
    return WebhookSender(AllowList(["127.0.0.1"]), timeout_s=timeout_s)


def test_signed_so_that_the_library_verifies_it() -> None:
    with WebhookReceiver() as receiver:
        assert sender().send(receiver.url, [receiver.secret], event()) == 204
    (got,) = receiver.received
    assert Webhook(receiver.secret).verify(got.body, got.headers) == got.event
    assert got.id == "evt_1"
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.event == event().model_dump(mode="json")


def test_either_secret_verifies_during_a_rotation() -> None:
    with WebhookReceiver() as receiver:
        assert sender().send(receiver.url, [OTHER_SECRET, receiver.secret], event()) == 204
        assert len(receiver.received[0].headers["webhook-signature"].split(" ")) == 2
        with pytest.raises(DeliveryFailed) as refused:
            sender().send(receiver.url, [OTHER_SECRET], event())
    assert refused.value.http_status == 401


@pytest.mark.parametrize("status", [301, 307, 400, 410, 429, 500, 503])
def test_only_2xx_is_delivered_and_no_redirect_is_followed(status: int) -> None:
    with (
        WebhookReceiver(lambda event: status) as receiver,
        pytest.raises(DeliveryFailed) as refused,
    ):
        sender().send(receiver.url, [receiver.secret], event())
    assert refused.value.http_status == status
    assert receiver.hits == 1


def test_nobody_listens() -> None:
    with WebhookReceiver() as receiver:
        url = receiver.url
    with pytest.raises(DeliveryFailed) as refused:
        sender().send(url, [receiver.secret], event())
    assert refused.value.http_status is None


def test_a_receiver_off_the_list_is_never_connected_to() -> None:
    with WebhookReceiver() as receiver:
        strict = WebhookSender(AllowList(["ehr.example.com"]))
        with pytest.raises(DeliveryFailed, match="endpoint_not_allowed"):
            strict.send(receiver.url, [receiver.secret], event())
    assert receiver.hits == 0


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """The name has no address of its own here, so only the checked one can have been used."""
    with WebhookReceiver() as receiver:
        allowed = AllowList(["127.0.0.1"], resolve=lambda host, port: ["127.0.0.1"])
        url = f"http://ehr.invalid:{receiver.port}/hooks"
        assert WebhookSender(allowed).send(url, [receiver.secret], event()) == 204
    assert receiver.received[0].headers["host"] == f"ehr.invalid:{receiver.port}"


@contextmanager
def dripping() -> Iterator[int]:
    """A server that answers one byte at a time, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not done.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        done.set()
        thread.join(5)
        listener.close()


def test_the_time_limit_holds_for_the_whole_exchange() -> None:
    with dripping() as port:
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed, match="no answer within"):
            sender(timeout_s=0.5).send(f"http://127.0.0.1:{port}/", [OTHER_SECRET], event())
        assert time.monotonic() - begun < 3
