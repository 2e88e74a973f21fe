"""Whether a server takes connections, and how long its certificate is good for."""

from __future__ import annotations

import os
import socket
import ssl
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from greenroom_cli.doctor.finding import Finding, fault, good, warning

PATIENCE_S = 10
SOON_DAYS = 14
"""Days before its end from which a certificate is worth a word."""
_PORTS = {"https": 443, "http": 80, "amqps": 5671, "amqp": 5672, "postgresql+psycopg": 5432}
_POSTGRES_TLS = struct.pack("!ii", 8, 80877103)
"""`SSLRequest` of PostgreSQL's protocol; the server answers `S`, and TLS begins."""


def trust(authorities: str | None = None) -> ssl.SSLContext:
    """Whom we trust: the system's authorities (or those of SSL_CERT_FILE), the store's client's, and of a file."""
    context = ssl.create_default_context()
    for path in (os.environ.get("AWS_CA_BUNDLE"), authorities):
        if path and Path(path).is_file():
            context.load_verify_locations(path)
    return context


def check_line(
    code: str,
    url: str,
    *,
    address: str | None = None,
    context: ssl.SSLContext | None = None,
    secure: bool | None = None,
) -> Finding:
    """Connect to `url`'s server, at `address` where that is known, and over TLS where the URL (or `secure`) says so."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = parts.scheme in ("https", "amqps") if secure is None else secure
    port = parts.port or _PORTS[parts.scheme]
    where = f"{host}:{port}"
    try:
        with socket.create_connection((address or host, port), PATIENCE_S) as line:
            if not secure:
                return good(code, "open", where=where)
            if parts.scheme.startswith("postgresql"):
                line.sendall(_POSTGRES_TLS)
                if line.recv(1) != b"S":
                    return fault(code, "no_tls", where=where)
            with (context or trust()).wrap_socket(line, server_hostname=host) as tls:
                certificate = tls.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return fault(code, "untrusted", where=where, why=error.verify_message)
    except OSError as error:
        return fault(code, "closed", where=where, why=str(error))
    return judged(code, where, certificate)


def judged(code: str, where: str, certificate: Mapping[str, object]) -> Finding:
    """Of a certificate that was verified, as `SSLSocket.getpeercert` tells it: is it good for long?"""
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    if days < SOON_DAYS:
        return warning(code, "ending", where=where, days=days)
    return good(code, "certified", where=where, days=days)
