"""The store as candidates' browsers meet it: at the public endpoint, from the pages' origin, with what we signed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx

from greenroom.adapters.object_store import ObjectStore, UploadPolicy
from greenroom_cli.doctor.finding import Finding, fault, good, skipped
from greenroom_cli.doctor.line import trust

BODY = b"knock, knock"
MOST_BYTES = 64
EXPIRES_S = 60
FOREIGN = "https://foreign.invalid"
"""An origin that no CORS rule of ours can mean."""
BRIEF_S, OVER_S = 1, 2.5
"""A link is signed for the first, and tried when the second has passed: stores count whole seconds."""


class Outside:
    """What is signed at the start is tried at once, and what was signed for a second at the end."""

    def __init__(self, store: ObjectStore, prefix: str, origin: str | None) -> None:
        self._prefix = prefix
        self._origin = origin
        self._policy = self._form(store, EXPIRES_S)
        self._signed = store.download_url(f"{prefix}kept.json", expires_s=EXPIRES_S)
        self._brief = self._form(store, BRIEF_S)
        self._brief_link = store.download_url(f"{prefix}kept.json", expires_s=BRIEF_S)
        self._signed_at = time.monotonic()
        self._http = httpx.Client(timeout=20, verify=trust())

    def _form(self, store: ObjectStore, expires_s: int) -> UploadPolicy:
        return store.upload_policy(
            self._prefix,
            expires_s=expires_s,
            max_bytes=MOST_BYTES,
            content_type_prefix="video/",
        )

    def check(self) -> Iterator[Finding]:
        """Each way in which a browser, or somebody who has none of our signatures, comes to the store."""
        try:
            yield from self._uploads()
            yield self._ranges()
            yield from self._strangers()
            yield from self._pages()
        except httpx.HTTPError as error:
            yield fault(
                "store.outside",
                "unreachable",
                url=self._policy.url,
                why=f"{type(error).__name__}: {error}",
            )

    def expired(self) -> Finding:
        """Waits until what was signed for a second is over."""
        time.sleep(max(0.0, self._signed_at + OVER_S - time.monotonic()))
        try:
            statuses = {
                "GET": self._http.get(self._brief_link).status_code,
                "POST": self._posted(self._brief, f"{self._prefix}late").status_code,
            }
        except httpx.HTTPError as error:
            return skipped("store.expiry", "unreachable", why=type(error).__name__)
        finally:
            self._http.close()
        taken = [method for method, status in statuses.items() if status // 100 != 4]
        if taken:
            return fault("store.expiry", "taken", methods=", ".join(taken))
        return good("store.expiry")

    def _posted(
        self, policy: UploadPolicy, key: str, body: bytes = BODY, kind: str = "video/webm"
    ) -> httpx.Response:
        form = {**policy.fields, "key": key, "Content-Type": kind}
        origin = {} if self._origin is None else {"Origin": self._origin}
        return self._http.post(policy.url, data=form, files={"file": body}, headers=origin)

    def _uploads(self) -> Iterator[Finding]:
        taken = self._posted(self._policy, f"{self._prefix}part")
        if taken.is_success:
            yield good("store.upload")
        else:
            yield fault("store.upload", "refused", status=taken.status_code)
        if self._origin is not None and not _lets(taken, self._origin):
            yield fault("store.cors", "answer_hidden", origin=self._origin)
        policy, prefix = self._policy, self._prefix
        tries = {
            "another_key": self._posted(policy, "uploads/elsewhere"),
            "larger": self._posted(policy, f"{prefix}large", b"x" * (MOST_BYTES + 1)),
            "another_type": self._posted(policy, f"{prefix}page", kind="text/html"),
        }
        wrong = {what: answer.status_code for what, answer in tries.items()}
        for what, status in wrong.items():
            if status // 100 != 4:
                yield fault("store.policy", what, status=status)
        if all(status // 100 == 4 for status in wrong.values()):
            yield good("store.policy")

    def _ranges(self) -> Finding:
        answer = self._http.get(self._signed, headers={"Range": "bytes=0-4"})
        if (answer.status_code, answer.content) == (206, BODY[:5]):
            return good("store.ranges")
        return fault("store.ranges", "refused", status=answer.status_code)

    def _strangers(self) -> Iterator[Finding]:
        """Nothing is read, listed or written without a signature."""
        plain = self._signed.partition("?")[0]
        tries = {
            "read": self._http.get(plain),
            "listed": self._http.get(self._policy.url),
            "written": self._http.put(f"{plain}.stranger", content=BODY),
            "posted": self._http.post(
                self._policy.url,
                data={"key": f"{self._prefix}stranger"},
                files={"file": BODY},
            ),
        }
        statuses = {what: answer.status_code for what, answer in tries.items()}
        for what, status in statuses.items():
            if status // 100 != 4:
                yield fault("store.private", what, status=status)
        if all(status // 100 == 4 for status in statuses.values()):
            yield good("store.private")

    def _pages(self) -> Iterator[Finding]:
        """What a browser asks before a page of ours, and a page of somebody else, may use the store."""
        if self._origin is None:
            yield skipped("store.cors", "unset")
            return
        refused = [
            method
            for method in ("POST", "GET")
            if not _lets(self._preflight(self._origin, method), self._origin)
        ]
        if refused:
            methods = ", ".join(refused)
            yield fault("store.cors", "refused", origin=self._origin, methods=methods)
        elif _lets(self._preflight(FOREIGN, "POST"), FOREIGN):
            yield fault("store.cors", "open")
        else:
            yield good("store.cors", origin=self._origin)

    def _preflight(self, origin: str, method: str) -> httpx.Response:
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        return self._http.options(self._policy.url, headers=asked)


def _lets(answer: httpx.Response, origin: str) -> bool:
    return answer.headers.get("Access-Control-Allow-Origin") in ("*", origin)
