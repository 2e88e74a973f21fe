"""`greenroom wire`: RabbitMQ and Ceph RGW brought to what the wiring table says, as often as one likes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from greenroom.adapters.broker import declare
from greenroom.adapters.object_store import NotificationRule
from greenroom.adapters.store_topics import ensure_topics
from greenroom.domain.errors import GreenroomError
from greenroom.host.topology import EVENTS, topology
from greenroom.host.wiring import Wired, read_wiring
from greenroom.runtime.settings import BrokerSettings, FunctionSettings, StoreSettings


class _Settings(FunctionSettings):
    store: StoreSettings
    broker: BrokerSettings


def wire(
    topics_to: Annotated[
        Path | None, typer.Option(help="Write the topics as a file of variables for Terraform.")
    ] = None,
    bucket_for: Annotated[
        list[str] | None,
        typer.Option(
            help="Make the bucket too, without Terraform, for pages of this origin. May be repeated."
        ),
    ] = None,
) -> None:
    """Declare RabbitMQ's exchanges and queues, and the topics by which Ceph RGW tells them of new objects."""
    console = Console()
    try:
        settings = _Settings.load()
        wiring = read_wiring()
        wanted = topology(wiring)
        declare(
            settings.broker.url.get_secret_value(), wanted
        )  # first: what a topic cannot route is lost
        console.print(f"✓ {len(wanted.exchanges)} exchanges and {len(wanted.queues)} queues")
        topics = _topics(settings, wiring)
        console.print(f"✓ {len(topics)} topics of {settings.store.endpoint}")
        if topics_to is not None:
            topics_to.write_text(json.dumps({"topics": topics}, indent=2))
        if bucket_for:
            _bucket(settings.store, bucket_for, wiring, topics)
            console.print(f"✓ bucket {settings.store.bucket}, its origins and announcements")
    except GreenroomError as error:
        console.print(f"[red]{error.code}:[/] {error.detail}", highlight=False)
        raise typer.Exit(1) from error


def _topics(settings: _Settings, wiring: dict[str, Wired]) -> dict[str, str]:
    store = settings.store
    broker = settings.broker.store_url or settings.broker.url
    return ensure_topics(
        [wired.name for wired in wiring.values() if wired.triggers],
        broker=broker.get_secret_value(),
        broker_ca=settings.broker.store_ca,
        exchange=EVENTS,
        endpoint=store.endpoint,
        access_key=store.access_key,
        secret_key=store.plain_secret_key,
        region=store.region,
    )


def _bucket(
    store: StoreSettings, origins: list[str], wiring: dict[str, Wired], topics: dict[str, str]
) -> None:
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or parts.path or not parts.hostname:
            raise typer.BadParameter(f"{origin} is no origin as https://interviews.example.com")
    rules = [
        NotificationRule(topics[wired.name], trigger.prefix, trigger.suffix)
        for wired in wiring.values()
        for trigger in wired.triggers
    ]
    store.opened().ensure_bucket(cors_origins=origins, rules=rules)
