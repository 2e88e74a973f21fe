"""Who may talk to whom: a function reaches what its settings name and nothing else; a worker is called by nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from greenroom.host.wiring import Wired
from infra.kubernetes.values import Destination, NameService, Values
from infra.kubernetes.workloads import SCHEDULES, Manifest, kebab, labels

PARTS = ("store", "database", "mail", "webhooks", "language_model", "provider")
"""Parts of the settings that stand for something at the other end of a connection."""


def function_policy(wired: Wired, role: str, values: Values) -> Manifest:
    """For the pods of a function in one role: ``http`` or ``worker``, which also reaches the broker."""
    parts = [part for part in PARTS if part in wired.environment]
    broker = ["broker"] if role == "worker" else []
    callers = values.network.callers if role == "http" else ()
    return _policy(wired.name, role, [*parts, *broker], callers, values)


def schedules_policy(values: Values) -> Manifest:
    """The tellers of schedules talk to the broker alone."""
    return _policy(SCHEDULES, SCHEDULES, ["broker"], (), values)


def _policy(
    name: str, role: str, parts: list[str], callers: Iterable[str], values: Values
) -> Manifest:
    reached = [_to(place) for part in parts for place in getattr(values.network, part)]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{kebab(name)}-{role}", "namespace": values.namespace},
        "spec": {
            "podSelector": {"matchLabels": labels(name, role)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [_from(namespace) for namespace in callers],
            "egress": [_names(values.network.name_service), *reached],
        },
    }


def _names(service: NameService) -> dict[str, Any]:
    protocols = ("UDP", "TCP")
    return {
        "to": [_namespace(service.namespace)],
        "ports": [{"protocol": protocol, "port": service.port} for protocol in protocols],
    }


def _to(place: Destination) -> dict[str, Any]:
    return {
        "to": [{"ipBlock": {"cidr": str(place.cidr)}}],
        "ports": [{"protocol": "TCP", "port": place.port}],
    }


def _from(namespace: str) -> dict[str, Any]:
    return {"from": [_namespace(namespace)]}


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
