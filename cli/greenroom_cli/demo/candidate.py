"""A candidate's client: opens the link, consents, uploads a recording in parts, submits.

It sends what a browser's recorder would send: parts straight to the object store under one presigned POST
policy per track, then the manifest with every part's size and SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import tenacity

IN_FLIGHT = 3
_PATIENT = tenacity.retry(
    retry=tenacity.retry_if_exception(
        lambda error: (
            isinstance(error, httpx.TransportError)
            or (isinstance(error, httpx.HTTPStatusError) and error.response.status_code >= 500)
        )
    ),
    wait=tenacity.wait_random_exponential(multiplier=0.2, max=10),
    stop=tenacity.stop_after_delay(60),
    reraise=True,
)


@dataclass(frozen=True)
class Take:
    """A video file to be sent as one track. `duration_s` is its real length."""

    track: str
    path: Path
    mime_type: str
    duration_s: float


class Candidate:
    """One candidate with their personal link."""

    def __init__(self, link: str) -> None:
        parts = urlsplit(link)
        token = parts.path.rsplit("/", 1)[1]
        self.link = link
        self._api = httpx.Client(
            base_url=f"{parts.scheme}://{parts.netloc}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        self._store = httpx.Client(timeout=60)

    def open_link(self) -> dict[str, Any]:
        """Open the page as a browser would; what the page is told about the interview."""
        self._see_page()
        return self._call("GET", "/v1/candidate/interview")

    def consent(self) -> None:
        everything = {"recording": True, "transcript": True, "face": True, "ai_scoring": True}
        self._call("PUT", "/v1/candidate/consents", json=everything)

    def answer(
        self, answer: str, takes: list[Take], *, part_bytes: int, progress: Callable[[int], None]
    ) -> None:
        """One attempt: a policy per track, all parts, the manifest. `progress` is told bytes sent."""
        attempts = f"/v1/candidate/answers/{answer}/attempts"
        attempt = self._call("POST", attempts)
        tracks = [
            self._upload(take, attempt["uploads"][take.track], part_bytes, progress)
            for take in takes
        ]
        number = attempt["attempt"]
        self._call("POST", f"{attempts}/{number}/complete", json={"tracks": tracks})

    def submit(self) -> None:
        self._call("POST", "/v1/candidate/submission")

    @_PATIENT
    def _see_page(self) -> None:
        self._api.get(self.link, headers={"Accept": "text/html"}).raise_for_status()

    def _upload(
        self, take: Take, policy: dict[str, Any], part_bytes: int, progress: Callable[[int], None]
    ) -> dict[str, Any]:
        size = take.path.stat().st_size
        count = max(1, -(-size // part_bytes))

        def send(number: int) -> dict[str, Any]:
            with take.path.open("rb") as file:
                file.seek(number * part_bytes)
                body = file.read(part_bytes)
            key = f"{policy['key_prefix']}0000/{number:06d}"
            self._post(policy, key, body, take.mime_type)
            progress(len(body))
            # A file cut by bytes: its parts cover time in proportion.
            covered = [
                round(1000 * take.duration_s * min(1.0, edge * part_bytes / size))
                for edge in (number, number + 1)
            ]
            return {
                "part": number,
                "size": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
                "start_ms": covered[0],
                "end_ms": covered[1],
            }

        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            parts = list(pool.map(send, range(count)))
        segment = {"segment": 0, "mime_type": take.mime_type, "parts": parts}
        return {"track": take.track, "segments": [segment]}

    @_PATIENT
    def _post(self, policy: dict[str, Any], key: str, body: bytes, mime_type: str) -> None:
        """One part as a browser's form upload; the fields come before the file."""
        response = self._store.post(
            policy["url"],
            data={**policy["fields"], "key": key, "Content-Type": mime_type},
            files={"file": ("part", body, mime_type)},
        )
        response.raise_for_status()

    @_PATIENT
    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        response = self._api.request(method, path, **options)
        if response.is_client_error:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text[:500]}")
        response.raise_for_status()
        found: dict[str, Any] = response.json() if response.content else {}
        return found
