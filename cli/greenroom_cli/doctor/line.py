"""Whether a server takes connections, and how long its certificate is good for."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

from greenroom_cli.doctor.finding import Finding, fault, good, warning

PATIENCE_S = 10
SOON_DAYS = 14
"""Days before its end from which a certificate is worth a word."""


def check_line(code: str, url: str, *, address: str | None = None) -> Finding:
    """Connect to `url`'s server, at `address` where that is known, and over TLS where it is https."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        with socket.create_connection((address or host, port), PATIENCE_S) as line:
            if not secure:
                return good(code, f"{host}:{port} takes connections")
            with ssl.create_default_context().wrap_socket(line, server_hostname=host) as tls:
                certificate = tls.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        mend = (
            "Mend the certificate, or bring the company's authority to this machine's trust store."
        )
        return fault(code, f"{host}:{port}: {error.verify_message}", mend)
    except OSError as error:
        return fault(
            code, f"{host}:{port}: {error}", "Is it running, and does the firewall let us?"
        )
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    said = f"{host}:{port}: its certificate is good for {days} more days"
    return warning(code, said, "Renew it.") if days < SOON_DAYS else good(code, said)
