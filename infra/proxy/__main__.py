"""Print nginx's configuration for the functions that answer over HTTP.

    python -m infra.proxy --name interviews.example.com --certificate /etc/ssl/pages.pem --key /etc/ssl/pages.key \\
        portal=10.0.0.1:8080 portal=10.0.0.2:8080 console=10.0.0.1:8081 … >/etc/nginx/conf.d/greenroom.conf
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from greenroom.domain.errors import GreenroomError, Invalid
from greenroom.host.http import BODY_S, MAX_BODY_BYTES
from greenroom.host.wiring import Wired, read_wiring

REQUEST_S = 300
"""Longest wait for an answer, in seconds: as on Kubernetes."""

_SERVER = re.compile(r"([\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")
_NAME = re.compile(r"[\w.-]+")
_FILE = re.compile(r"/[\w./@%+-]+")
"""Words that mean nothing else to nginx."""


def configuration(
    wiring: Mapping[str, Wired],
    servers: Mapping[str, list[str]],
    *,
    name: str,
    certificate: str,
    key: str,
    listen: str = "443",
) -> str:
    """nginx's server for `name` with a location for each path prefix of the table, and the functions behind it.

    `servers` are ``host:port`` by function. Raises `Invalid` (`proxy_server_missing`) for a function with paths that
    has none, (`unknown_function`) for one that has no paths, (`proxy_value_invalid`) for what nginx would read as more
    than one word.
    """
    wanted = {wired.name: wired for wired in wiring.values() if wired.http}
    if unknown := sorted(servers.keys() - wanted.keys()):
        raise Invalid(f"{unknown[0]} answers no path of the table", code="unknown_function")
    if missing := sorted(name for name in wanted if not servers.get(name)):
        raise Invalid(f"name a server for {', '.join(missing)}", code="proxy_server_missing")
    for pattern, words in (
        (_SERVER, [one for several in servers.values() for one in several]),
        (_SERVER if ":" in listen else re.compile(r"\d{1,5}"), [listen]),
        (_NAME, [name]),
        (_FILE, [certificate, key]),
    ):
        for word in words:
            if not pattern.fullmatch(word):
                raise Invalid(f"{word!r} cannot stand in nginx.conf", code="proxy_value_invalid")
    routes = sorted((path, wired.name) for wired in wanted.values() for path in wired.http)
    folder = FileSystemLoader(Path(__file__).parent)
    template = Environment(loader=folder, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701 - no page
    return template.get_template("nginx.conf.j2").render(
        upstreams={function: servers[function] for function in wanted},
        routes=routes,
        name=name,
        certificate=certificate,
        key=key,
        listen=listen,
        body_bytes=MAX_BODY_BYTES,
        body_s=int(BODY_S),
        request_s=REQUEST_S,
    )


def _servers(words: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        function, _, server = word.partition("=")
        found.setdefault(function, []).append(server)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.proxy", description=__doc__)
    parser.add_argument("--name", required=True, help="host name of the pages")
    parser.add_argument("--certificate", required=True, help="file on the proxy's host")
    parser.add_argument("--key", required=True, help="file on the proxy's host")
    parser.add_argument("--listen", default="443", help="port, or address:port")
    parser.add_argument("servers", nargs="+", metavar="FUNCTION=HOST:PORT")
    given = parser.parse_args()
    try:
        text = configuration(
            read_wiring(),
            _servers(given.servers),
            name=given.name,
            certificate=given.certificate,
            key=given.key,
            listen=given.listen,
        )
    except GreenroomError as error:
        sys.stderr.write(f"{error.code}: {error.detail}\n")
        return 1
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
