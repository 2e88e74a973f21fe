"""The mail adapter against a real SMTP server: every kind of answer ends as one of our errors."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from greenroom.adapters.mail import (
    MailConnection,
    Mailer,
    MailPostponed,
    MailRefused,
    RelayUnavailable,
)
from greenroom.domain.errors import GreenroomError

MESSAGE = b"From: hr@example.com\r\nTo: a@example.com\r\nSubject: hello\r\n\r\n.dot\r\ntext\r\n"


class Relay:
    """Answers by the recipient's or sender's local part: `550@…` is refused with 550, `data-452@…` after DATA."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        code = address.split("@", maxsplit=1)[0]
        return f"{code} not from you" if code.isdigit() else "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        code = address.split("@", maxsplit=1)[0]
        return f"{code} 5.1.1 no such mailbox" if code.isdigit() else "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (address,) = envelope.rcpt_tos
        if address.startswith("hang-up"):
            server.transport.close()
            return ""
        if address.startswith("data-"):
            return f"{address.split('@')[0].removeprefix('data-')} not this content"
        assert isinstance(envelope.original_content, bytes)
        self.taken.append((address, envelope.original_content))
        return "250 2.0.0 queued as 4F3"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    started: list[Controller] = []

    def start(handler: object, **options: object) -> int:
        controller = Controller(handler, "127.0.0.1", free_port(), **options)
        controller.start()
        started.append(controller)
        return int(controller.port)

    yield start
    for controller in started:
        controller.stop()


def mailer(port: int, **options: object) -> Mailer:
    settings = {"sender": "HR <hr@example.com>", "timeout_s": 5, **options}
    return Mailer(host="127.0.0.1", port=port, **settings)


def send(connection: MailConnection, recipient: str, message: bytes) -> str:
    connection.start(recipient, message)
    return connection.finish()


def test_what_was_sent_is_what_arrives(serve: Callable[..., int]) -> None:
    relay = Relay()
    with mailer(serve(relay)).connection() as connection:
        answer = send(connection, "a@example.com", MESSAGE)
    assert answer == "250 2.0.0 queued as 4F3"
    assert relay.taken == [("a@example.com", MESSAGE)]


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("550@example.com", MailRefused),
        ("553@example.com", MailRefused),
        ("450@example.com", MailPostponed),
        ("data-552@example.com", MailRefused),
        ("data-451@example.com", MailPostponed),
    ],
)
def test_a_refused_mail_leaves_the_connection_usable(
    serve: Callable[..., int], address: str, error: type[GreenroomError]
) -> None:
    relay = Relay()
    with mailer(serve(relay)).connection() as connection:
        with pytest.raises(error) as caught:
            send(connection, address, MESSAGE)
        send(connection, "next@example.com", MESSAGE)
    code = address.split("@", maxsplit=1)[0].removeprefix("data-")
    assert caught.value.detail.startswith(code)
    assert caught.value.permanent is (error is MailRefused)
    assert [to for to, _ in relay.taken] == ["next@example.com"]


@pytest.mark.parametrize("address", ["421@example.com", "hang-up@example.com"])
def test_a_relay_that_hangs_up_is_unavailable(serve: Callable[..., int], address: str) -> None:
    with mailer(serve(Relay())).connection() as connection, pytest.raises(RelayUnavailable):
        send(connection, address, MESSAGE)


@pytest.mark.parametrize("code", ["550", "421"])
def test_a_relay_that_refuses_the_sender_does_not_condemn_the_mail(
    serve: Callable[..., int], code: str
) -> None:
    settings = mailer(serve(Relay()), sender=f"HR <{code}@example.com>")
    with settings.connection() as connection, pytest.raises(RelayUnavailable):
        send(connection, "a@example.com", MESSAGE)


def test_nobody_listens() -> None:
    with pytest.raises(RelayUnavailable) as caught, mailer(free_port()).connection():
        pass
    assert caught.value.code == "mail_relay_unavailable"
    assert not caught.value.permanent


def test_a_relay_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(RelayUnavailable), mailer(port, timeout_s=0.2).connection():
            pass


def test_a_relay_that_falls_silent_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            accepted, _ = server.accept()
            with accepted:
                accepted.sendall(b"220 hello\r\n")
                accepted.recv(1000)
                accepted.sendall(b"250 hello\r\n")
                while accepted.recv(1000):
                    pass

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        settings = mailer(server.getsockname()[1], timeout_s=0.2)
        with settings.connection() as connection, pytest.raises(RelayUnavailable):
            send(connection, "a@example.com", MESSAGE)
        thread.join(5)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_password_is_asked_for_and_a_wrong_one_is_named(serve: Callable[..., int]) -> None:
    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        right = getattr(data, "password", b"") == b"right"
        return AuthResult(success=right, handled=False)

    port = serve(Relay(), authenticator=check, auth_require_tls=False, auth_required=True)
    with mailer(port, username="hr", password="right").connection() as connection:
        assert send(connection, "a@example.com", MESSAGE).startswith("250")
    wrong = mailer(port, username="hr", password="wrong")
    with pytest.raises(RelayUnavailable, match="SMTPAuthenticationError"), wrong.connection():
        pass


def test_starttls_that_the_relay_does_not_offer_is_no_plain_connection(
    serve: Callable[..., int],
) -> None:
    relay = Relay()
    with pytest.raises(RelayUnavailable), mailer(serve(relay), starttls=True).connection() as open_:
        send(open_, "a@example.com", MESSAGE)
    assert relay.taken == []
