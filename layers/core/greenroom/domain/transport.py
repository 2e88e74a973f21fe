"""Whether a URL of the settings is spoken to under verified TLS; a machine that speaks to itself needs none."""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qs, unquote, urlsplit

_WITHOUT_TLS = {"http": "https", "amqp": "amqps"}


def is_loopback(url: str) -> bool:
    """Whether its host is this machine itself."""
    return is_this_machine(urlsplit(url).hostname or "")


def is_this_machine(host: str) -> bool:
    """`localhost`, or an address of the loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def lacks_tls(url: str) -> str | None:
    """What a URL must have to be spoken to under verified TLS; None where it has it, or is no URL of a server.

    >>> lacks_tls("http://store.example.com")
    'https:// instead of http://'
    """
    parts = urlsplit(url)
    if parts.scheme in _WITHOUT_TLS and not is_this_machine(parts.hostname or ""):
        return f"{_WITHOUT_TLS[parts.scheme]}:// instead of {parts.scheme}://"
    asked = parse_qs(parts.query)
    if parts.scheme == "amqps" and "protocol" in unquote(asked.get("ssl_options", [""])[-1]):
        return "ssl_options without a protocol of their own: it switches verification off"
    if parts.scheme.partition("+")[0] != "postgresql":
        return None
    host = asked.get("host", [parts.hostname or ""])[-1]
    if not host or host.startswith("/") or is_this_machine(host):
        return None  # by a socket of this machine
    if asked.get("sslmode", [""])[-1] == "verify-full":
        return None
    return "?sslmode=verify-full"
