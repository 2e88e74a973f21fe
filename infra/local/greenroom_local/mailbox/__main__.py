"""python -m greenroom_local.mailbox --data FOLDER --smtp-port N --http-port N [--certificate FILE --key FILE]"""

from __future__ import annotations

import argparse
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from greenroom_local.mailbox.letters import Letters
from greenroom_local.mailbox.page import create_app
from greenroom_local.mailbox.smtp import controller


def main() -> None:
    parser = argparse.ArgumentParser(prog="greenroom_local.mailbox", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the mails")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--certificate", help="take mails after STARTTLS only")
    parser.add_argument("--key", help="of the certificate")
    arguments = parser.parse_args()
    letters = Letters(arguments.data)
    tls = None
    if arguments.certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(arguments.certificate, arguments.key)
    smtp = controller(letters, arguments.host, arguments.smtp_port, tls)

    @asynccontextmanager
    async def mail_server(_app: Starlette) -> AsyncIterator[None]:
        smtp.start()
        yield
        smtp.stop()

    uvicorn.run(
        create_app(letters, mail_server),
        host=arguments.host,
        port=arguments.http_port,
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    main()
