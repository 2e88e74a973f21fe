"""Plain signed GETs and PUTs, without what boto3 does around each: recordings are read in a thousand small parts, and
every step of every interview is a small object.

A request through the client costs about 1 ms of CPU (endpoint rules, parameter checks, event hooks, retries), one of
these 0.2 to 0.3 ms. Whatever is not a plain 200 is left to the client, which retries it and names what is wrong.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import get_cert_path

_SAFE = "/~"
_TIMEOUT_S = 20
"""Without a byte; the client is more patient."""
_MOST_SAID = 10_000
"""Bytes read of the answer to a PUT, so that its connection can be used again."""


class DirectRequests:
    """Reads and writes objects of one bucket at one endpoint, path-style. One serves many threads.

    `authority` is a file: who signs the store's certificate, as `AWS_CA_BUNDLE` names it to the client.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        bucket: str,
        access_key: str,
        secret_key: str,
        region: str,
        authority: str | None = None,
    ) -> None:
        self._authority = authority
        self._base = f"{endpoint.rstrip('/')}/{bucket}/"
        self._path = urlsplit(self._base).path
        self._credentials = Credentials(access_key, secret_key)
        self._region = region
        self._tls: ssl.SSLContext | None = None
        self._idle: deque[HTTPConnection] = deque()

    def read(self, key: str, at_most: int) -> bytes | None:
        """The object's first `at_most` bytes, None when anything at all was unusual."""
        return self._asked("GET", key, partial(_whole, at_most=at_most))

    def write(
        self,
        key: str,
        body: bytes,
        content_type: str,
        metadata: Mapping[str, str],
        wishes: Mapping[str, str],
    ) -> bool:
        """Whether the object is written. When anything at all was unusual it may or may not be.

        `wishes` are headers that the store has to understand, such as encryption's.
        """
        described = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        headers = {"Content-Type": content_type, **described, **wishes}
        return self._asked("PUT", key, _accepted, body, headers) is not None

    def _asked(
        self,
        method: str,
        key: str,
        taken: Callable[[HTTPResponse], bytes | None],
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes | None:
        """What is `taken` of the answer, None when there is none."""
        name = quote(key, safe=_SAFE)
        request = AWSRequest(method, self._base + name, headers=headers, data=body)
        S3SigV4Auth(self._credentials, "s3", self._region).add_auth(request)
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connection()
        try:
            connection.request(method, self._path + name, body, dict(request.headers))
            response = connection.getresponse()
            found = taken(response)
        except (OSError, HTTPException):
            connection.close()
            return None
        if response.isclosed():  # read to its end: the connection can be used again
            self._idle.append(connection)
        else:
            response.close()
            connection.close()
        return found

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self._base)
        if parts.scheme != "https":
            return HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._authority or get_cert_path(True))
        return HTTPSConnection(
            parts.hostname or "", parts.port, timeout=_TIMEOUT_S, context=self._tls
        )


def _whole(response: HTTPResponse, at_most: int) -> bytes | None:
    """Announced bytes in one piece, straight from the socket; None for an answer that is not as usual."""
    if response.status != 200 or response.length is None:
        return None
    wanted = min(response.length, at_most)
    body = response.read(wanted)
    return body if len(body) == wanted else None


def _accepted(response: HTTPResponse) -> bytes | None:
    """What the store says of an object that it has taken; None for another answer."""
    said = response.read(_MOST_SAID)
    return said if response.status == 200 else None
