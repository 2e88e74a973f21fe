"""Whether the object store keeps and announces what we put there, and has what the product needs of a store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.errors import GreenroomError
from greenroom.host.wiring import read_wiring
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning
from greenroom_cli.doctor.line import check_line
from greenroom_cli.doctor.outside import BODY, Outside

HEARD_S = 30.0
"""Seconds in which an announcement must be acted on; what is not announced waits for a sweep, up to a minute."""


def check_store(deployment: Deployment, heard_s: float = HEARD_S) -> Iterator[Finding]:
    """Writes a few bytes below `probes/` and `events/knock/`, and removes them."""
    store, settings = deployment.store, deployment.store_settings
    if store is None or settings is None:
        yield skipped("store", "unset")
        return
    for endpoint in dict.fromkeys((settings.endpoint, settings.public_endpoint)):
        if endpoint is not None:
            yield check_line("store.line", endpoint)
    prefix = keys.probes(f"doctor-{uuid4().hex[:12]}")
    try:
        yield _kept(store, prefix)
        outside = Outside(store, prefix, deployment.origin)
        yield from outside.check()
        if settings.encryption != "none":
            yield _sealed(store, prefix)
        for ability in store.abilities(prefix):
            name = f"store.{ability.name}"
            if ability.lack is None:
                yield good(name)
            else:
                yield (fault if ability.needed else warning)(name, "lacking", why=ability.lack)
        yield _announced(store)
        yield _heard(store, heard_s)
        yield outside.expired()
    except GreenroomError as error:
        yield fault("store", "refused", why=error.detail)
    finally:
        _clear(store, prefix)


def _kept(store: ObjectStore, prefix: str) -> Finding:
    store.put(f"{prefix}kept.json", BODY)
    kept = store.get(f"{prefix}kept.json") == BODY
    listed = [item.size for item in store.listing(prefix)] == [len(BODY)]
    if kept and listed:
        return good("store", bucket=store.bucket)
    return fault("store", "altered")


def _sealed(store: ObjectStore, prefix: str) -> Finding:
    """What we write and what browsers send by our forms is written in two ways: each is to rest encrypted."""
    ways = {"PUT": f"{prefix}kept.json", "POST": f"{prefix}part"}
    clear = [way for way, key in ways.items() if store.encryption(key) is None]
    if clear:
        return fault("store.sealed", "clear", ways=", ".join(clear))
    return good("store.sealed")


def _announced(store: ObjectStore) -> Finding:
    """Every trigger of the wiring table has its rule."""
    rules = {(rule.prefix, rule.suffix) for rule in store.notification_rules()}
    missing = [
        f"{name} ({trigger.prefix}…{trigger.suffix})"
        for name, wired in read_wiring().items()
        for trigger in wired.triggers
        if (trigger.prefix, trigger.suffix) not in rules
    ]
    if missing:
        return fault("store.rules", "missing", functions=", ".join(missing))
    return good("store.rules")


def _heard(store: ObjectStore, within_s: float) -> Finding:
    """status_sync removes what knocks: when it is gone, store, queue and function have worked together."""
    key = keys.knock(uuid4().hex)
    store.put(key, BODY)
    began = time.monotonic()
    while time.monotonic() - began < within_s:
        if store.head(key) is None:
            return good("store.heard", seconds=f"{time.monotonic() - began:.1f}")
        time.sleep(0.2)
    store.delete(key, every_version=True)
    return fault("store.heard", "unheard", seconds=f"{within_s:g}")


def _clear(store: ObjectStore, prefix: str) -> None:
    """Every version, where the store tells them; what is wrong with it otherwise has been said."""
    with suppress(GreenroomError):
        for item in list(store.held(prefix)):
            store.remove(item)
        return
    with suppress(GreenroomError):
        for listed in list(store.listing(prefix)):
            store.delete(listed.key)
