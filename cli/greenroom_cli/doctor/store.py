"""Whether the object store keeps, signs, limits and announces what we need of it, seen as a browser sees it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import httpx

from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.errors import GreenroomError
from greenroom.host.wiring import read_wiring
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped

BODY = b"knock, knock"
MOST_BYTES = 64
EXPIRES_S = 60
HEARD_S = 30.0
"""Seconds in which an announcement must be acted on; what is not announced waits for a sweep, up to a minute."""


def check_store(deployment: Deployment, heard_s: float = HEARD_S) -> Iterator[Finding]:
    """Writes a few bytes below `probes/` and `events/knock/`, and removes them."""
    store = deployment.store
    if store is None:
        yield skipped("store", "no store is set")
        return
    prefix = keys.probes(f"doctor-{uuid4().hex[:12]}")
    try:
        yield from _kept(store, prefix)
        yield from _from_outside(store, prefix, deployment)
        yield from _announced(store)
        yield _heard(store, heard_s)
    except GreenroomError as error:
        yield fault("store", error.detail, "Check GREENROOM_STORE__…: endpoint, bucket, keys.")
    finally:
        _clear(store, prefix)


def _kept(store: ObjectStore, prefix: str) -> Iterator[Finding]:
    store.put(f"{prefix}kept.json", BODY)
    kept = store.get(f"{prefix}kept.json") == BODY
    listed = [item.size for item in store.listing(prefix)] == [len(BODY)]
    if kept and listed:
        yield good("store", f"bucket {store.bucket} keeps what is put there")
    else:
        yield fault("store", "what was put is not what is there", "Is this an S3-compatible store?")


def _from_outside(store: ObjectStore, prefix: str, deployment: Deployment) -> Iterator[Finding]:
    """The store as candidates' browsers meet it: at the public endpoint, with a form that we signed."""
    policy = store.upload_policy(
        prefix, expires_s=EXPIRES_S, max_bytes=MOST_BYTES, content_type_prefix="video/"
    )
    signed = store.download_url(f"{prefix}kept.json", expires_s=EXPIRES_S)
    plain = signed.partition("?")[0]
    links = deployment.links
    origin = None if links is None else "/".join(links.public_url.split("/")[:3])

    def posted(key: str, body: bytes = BODY, kind: str = "video/webm") -> int:
        form = {**policy.fields, "key": key, "Content-Type": kind}
        return http.post(policy.url, data=form, files={"file": body}).status_code

    try:
        with httpx.Client(timeout=20) as http:
            taken = posted(f"{prefix}part")
            refused = {
                "below another prefix": posted("uploads/elsewhere"),
                "that is larger than signed for": posted(f"{prefix}large", b"x" * (MOST_BYTES + 1)),
                "of another type": posted(f"{prefix}page", kind="text/html"),
            }
            ranged = http.get(signed, headers={"Range": "bytes=0-4"})
            unsigned = http.get(plain).status_code
            asked = {"Origin": origin or "", "Access-Control-Request-Method": "POST"}
            allowed = http.options(policy.url, headers=asked).headers.get(
                "Access-Control-Allow-Origin"
            )
    except httpx.HTTPError as error:
        said = f"{policy.url}: {type(error).__name__}: {error}"
        yield fault(
            "store.outside", said, "Set GREENROOM_STORE__PUBLIC_ENDPOINT to what browsers reach."
        )
        return
    if taken // 100 == 2:
        yield good("store.upload", "takes an upload by a signed form")
    else:
        said = f"answers {taken} to a signed form"
        yield fault(
            "store.upload", said, "The endpoint that browsers use must be the one that is signed."
        )
    for what, status in refused.items():
        if status // 100 == 2:
            mend = "This store does not hold to signed policies: it cannot be used for uploads."
            yield fault("store.policy", f"takes an upload {what}", mend)
    if all(status // 100 == 4 for status in refused.values()):
        yield good("store.policy", "refuses another prefix, a larger file, another type")
    if (ranged.status_code, ranged.content) == (206, BODY[:5]):
        yield good("store.ranges", "gives a part of a recording, as players ask for it")
    else:
        said = f"answers {ranged.status_code} to a request for a range"
        yield fault("store.ranges", said, "A proxy before the store must pass Range through.")
    if unsigned in (401, 403):
        yield good("store.private", "nobody reads without a signature")
    else:
        mend = "Block public access to the bucket, and remove policies that grant it."
        yield fault("store.private", f"answers {unsigned} to a request without a signature", mend)
    if origin is None:
        yield skipped("store.cors", "no public URL is set")
    elif allowed in ("*", origin):
        yield good("store.cors", f"pages of {origin} may upload")
    else:
        said = f"pages of {origin} may not upload"
        yield fault(
            "store.cors", said, "Let the bucket's CORS rules allow POST and GET from there."
        )


def _announced(store: ObjectStore) -> Iterator[Finding]:
    """Every trigger of the wiring table has its rule."""
    rules = {(rule.prefix, rule.suffix) for rule in store.notification_rules()}
    missing = [
        f"{name} ({trigger.prefix}…{trigger.suffix})"
        for name, wired in read_wiring().items()
        for trigger in wired.triggers
        if (trigger.prefix, trigger.suffix) not in rules
    ]
    if missing:
        said = f"objects are not announced to {', '.join(missing)}"
        yield fault("store.rules", said, "Apply infra/terraform again.")
    else:
        yield good("store.rules", "objects of every trigger are announced")


def _heard(store: ObjectStore, within_s: float) -> Finding:
    """status_sync removes what knocks: when it is gone, store, queue and function have worked together."""
    key = keys.knock(uuid4().hex)
    store.put(key, BODY)
    began = time.monotonic()
    while time.monotonic() - began < within_s:
        if store.head(key) is None:
            took = time.monotonic() - began
            return good("store.heard", f"an announcement was acted on within {took:.1f} s")
        time.sleep(0.2)
    store.delete(key)
    return fault(
        "store.heard",
        f"an announcement was not acted on within {within_s:g} s",
        "Is status_sync running, and does the store reach its queue? Sweeps go on meanwhile, a minute late.",
    )


def _clear(store: ObjectStore, prefix: str) -> None:
    try:
        for item in list(store.listing(prefix)):
            store.delete(item.key)
    except GreenroomError:
        return  # what is wrong with the store has been said
