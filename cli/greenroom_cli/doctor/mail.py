"""Whether the SMTP relay takes mail from us, over TLS where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.errors import GreenroomError
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning
from greenroom_cli.doctor.line import judged


def check_mail(deployment: Deployment) -> Iterator[Finding]:
    """Nothing is sent: we sign in, the sender is named, and the conversation ends."""
    mail = deployment.mail
    if mail is None:
        yield skipped("mail", "unset")
        return
    where = f"{mail.host}:{mail.port}"
    try:
        with deployment.relay() as relay:
            answer = relay.try_sender()
            certificate, offered = relay.certificate(), relay.offers_tls
    except GreenroomError as error:
        yield fault("mail", "refused", where=where, why=error.detail)
        return
    yield good("mail", where=where, sender=mail.sender, answer=answer)
    if certificate is not None:
        yield judged("mail.line", where, certificate)
    elif mail.username is not None:
        yield fault("mail.tls", "password_in_clear", where=where)
    elif offered:
        yield warning("mail.tls", "unused", where=where)
