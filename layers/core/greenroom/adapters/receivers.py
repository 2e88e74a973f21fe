"""Who may receive webhooks: an allow-list of names and networks, checked on the resolved address.

A URL that people register must not become a way into the company's network (SSRF): it is sent to only when
the list names its host or covers its address, and the connection goes to the very address that was
checked, so a name that resolves differently a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import httpx

from greenroom.domain.errors import Invalid, MisconfiguredSetting

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], list[str]]
"""Addresses of a host name, best first. Raises OSError."""

_NAME = re.compile(r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$")


@dataclass(frozen=True)
class Receiver:
    """A URL that was checked, and the address that it may be reached at."""

    url: httpx.URL
    address: Address


@dataclass(frozen=True)
class _Entry:
    """One line of the list: a name or a network, at one port or at any."""

    host: str | Network
    port: int | None

    def names(self, host: str, port: int) -> bool:
        return self.host == host and self.port in (None, port)

    def covers(self, address: Address, port: int) -> bool:
        return not isinstance(self.host, str) and address in self.host and self.port in (None, port)


class AllowList:
    """Entries are names (``ehr.example.com``), addresses, networks (``10.20.0.0/16``), each with an optional port.

    A name alone does not open loopback or link-local addresses, where a host's own services and a cloud's
    metadata live: those need an entry of their own. Raises `MisconfiguredSetting` for an entry that is neither.
    """

    def __init__(self, entries: Iterable[str], *, resolve: Resolve | None = None) -> None:
        self._entries = [_entry(text) for text in entries]
        self._resolve = resolve or system_addresses

    def check(self, url: str) -> Receiver:
        """The receiver behind `url`. Raises `Invalid`: `endpoint_not_allowed`, `endpoint_unresolved`."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise _not_allowed(url, str(error)) from error
        if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
            raise _not_allowed(url, "an http or https URL with a host and no credentials")
        host = parsed.host.lower().rstrip(".")
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        if not 0 < port < 65_536:
            raise _not_allowed(url, "no such port")
        try:
            addresses = [_plain(text) for text in self._resolve(host, port)]
        except (OSError, UnicodeError) as error:
            raise Invalid(
                f"the name {host} does not resolve: {error}", code="endpoint_unresolved"
            ) from error
        named = any(entry.names(host, port) for entry in self._entries)
        for address in addresses:
            if (named and not _guarded(address)) or self._covered(address, port):
                return Receiver(parsed, address)
        found = ", ".join(str(address) for address in addresses)
        raise _not_allowed(url, f"{host} ({found}), port {port}, is not on the list of receivers")

    def _covered(self, address: Address, port: int) -> bool:
        return any(entry.covers(address, port) for entry in self._entries)


def system_addresses(host: str, port: int) -> list[str]:
    """What the machine's resolver says. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def _entry(text: str) -> _Entry:
    host, port = text.strip().lower(), None
    match = re.match(r"^(\[[^\]]+\]|[^:]+):([0-9]{1,5})$", host)
    if match is not None:
        host, port = match[1], int(match[2])
    host = host.strip("[]").rstrip(".")
    try:
        return _Entry(ipaddress.ip_network(host), port)
    except ValueError:
        # Digits and dots that are no address are a slip of the pen, not a name.
        if _NAME.match(host) is None or re.match(r"^[0-9./]+$", host):
            raise MisconfiguredSetting(
                f"webhook receivers: {text!r} is neither a name nor a network"
            ) from None
        return _Entry(host, port)


def _plain(text: str) -> Address:
    """An address without a scope; IPv4 inside IPv6 as the IPv4 that it reaches."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _guarded(address: Address) -> bool:
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and not address.is_private)
    )


def _not_allowed(url: str, why: str) -> Invalid:
    # Without path and query: a robot's address is its credential, and this is logged and listed.
    where = "/".join(url.split("/", 3)[:3]).partition("?")[0]
    return Invalid(f"{where[:200]}: {why}", code="endpoint_not_allowed")
