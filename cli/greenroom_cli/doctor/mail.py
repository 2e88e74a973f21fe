"""Whether the SMTP relay takes mail from us."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.adapters.mail import Mailer
from greenroom.domain.errors import GreenroomError
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning


def check_mail(deployment: Deployment) -> Iterator[Finding]:
    """Nothing is sent: the sender is named, and the conversation ends."""
    mail = deployment.mail
    if mail is None:
        yield skipped("mail", "no relay is set")
        return
    password = None if mail.password is None else mail.password.get_secret_value()
    mailer = Mailer(
        mail.host, mail.port, mail.sender, mail.username, password, mail.starttls, mail.timeout_s
    )
    try:
        with mailer.connection() as relay:
            answer = relay.try_sender()
    except GreenroomError as error:
        said = f"{mail.host}:{mail.port}: {error.detail}"
        yield fault(
            "mail", said, "Check GREENROOM_MAIL__…, and that the relay lets this machine send."
        )
        return
    yield good("mail", f"{mail.host}:{mail.port} takes mail from {mail.sender} ({answer})")
    if mail.username is not None and not mail.starttls:
        said = "the password goes to the relay in clear"
        yield warning("mail.tls", said, "Set GREENROOM_MAIL__STARTTLS=true.")
