"""What runs: a Knative Service for each function over HTTP, a Deployment for each queue, one for the schedules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from greenroom.host import health
from greenroom.host.wiring import Wired
from infra.kubernetes.values import BROKER_URL, Values

Manifest = dict[str, Any]

PORT = 8080
USER = 10001
"""As the Containerfiles of infra/images have them."""

MB_PER_CPU = 1769
"""The table gives no CPU. AWS Lambda gives one virtual CPU with 1,769 MB, and so do we."""

INSTANCES = 2
"""Most processes of a function over HTTP, which share its `concurrency`."""

REQUEST_S = 300
"""Knative's own limit for a request unless its cluster says otherwise; `timeout_s` may be that of a queue's work."""

SCHEDULES = "schedules"


def labels(name: str, role: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/part-of": "greenroom",
        "app.kubernetes.io/name": kebab(name),
        "app.kubernetes.io/component": role,
    }


def kebab(name: str) -> str:
    """The name as Kubernetes takes it."""
    return name.replace("_", "-")


def image(name: str, role: str, values: Values) -> str:
    return f"{values.images}/{kebab(name)}-{role}:{values.tag}"


def service_account(name: str, values: Values) -> Manifest:
    """An identity without a token: no function talks to Kubernetes."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": kebab(name), "namespace": values.namespace},
        "automountServiceAccountToken": False,
    }


def knative_service(wired: Wired, values: Values) -> Manifest:
    """Pages and API of a function. One process always stands by: candidates do not wait for a start."""
    container = _container(wired, "http", _environment(wired, values), values)
    container["ports"] = [{"containerPort": PORT}]
    template = {
        "metadata": {
            "labels": labels(wired.name, "http"),
            "annotations": {
                "autoscaling.knative.dev/min-scale": "1",
                "autoscaling.knative.dev/max-scale": str(INSTANCES),
            },
        },
        "spec": {
            "serviceAccountName": kebab(wired.name),
            "containerConcurrency": math.ceil(wired.concurrency / INSTANCES),
            "timeoutSeconds": min(wired.timeout_s, REQUEST_S),
            "containers": [container],
            "volumes": [_scratch(wired)],
        },
    }
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": _metadata(kebab(wired.name), wired.name, "http", values),
        "spec": {"template": template},
    }


def worker(wired: Wired, values: Values) -> list[Manifest]:
    """Processes for a function's queue: each takes one message at a time, so there are `concurrency` of them.

    Ticks alone need two: each schedule's queue holds one tick.
    """
    most = wired.concurrency if wired.triggers else min(2, wired.concurrency)
    container = _container(wired, "worker", _environment(wired, values, BROKER_URL), values)
    return _deployment(wired, "worker", container, values.replicas.get(wired.name, most), values)


def schedules(wiring: Mapping[str, Wired], values: Values) -> list[Manifest]:
    """The ticks of all schedules, told by two processes from the smallest worker's image."""
    host = min(
        (wired for wired in wiring.values() if wired.has_queue), key=lambda wired: wired.memory_mb
    )
    container = _container(host, "worker", [_variable(BROKER_URL, host.name, values)], values)
    container["name"] = SCHEDULES
    container["command"] = ["python", "-m", "greenroom.host.amqp_worker", "--schedules"]
    container["args"] = ["--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104 - kubelet asks from outside
    teller = Wired(SCHEDULES, (), (), (), timeout_s=30, memory_mb=host.memory_mb)
    return _deployment(teller, SCHEDULES, container, 2, values)


def _deployment(
    wired: Wired, role: str, container: Manifest, replicas: int, values: Values
) -> list[Manifest]:
    name = kebab(wired.name) if role == SCHEDULES else f"{kebab(wired.name)}-{role}"
    chosen = {"matchLabels": labels(wired.name, role)}
    pod = {
        "serviceAccountName": kebab(wired.name),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        # SIGTERM lets what is in hand finish.
        "terminationGracePeriodSeconds": wired.timeout_s + 30,
        "containers": [container],
        "volumes": [_scratch(wired)],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(name, wired.name, role, values),
        "spec": {
            "replicas": replicas,
            "selector": chosen,
            "template": {"metadata": {"labels": labels(wired.name, role)}, "spec": pod},
        },
    }
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(name, wired.name, role, values),
        "spec": {"maxUnavailable": 1, "selector": chosen},
    }
    return [deployment, budget]


def _metadata(name: str, function: str, role: str, values: Values) -> Manifest:
    return {"name": name, "namespace": values.namespace, "labels": labels(function, role)}


def _container(wired: Wired, role: str, environment: list[Manifest], values: Values) -> Manifest:
    memory = f"{wired.memory_mb}Mi"
    return {
        "name": kebab(wired.name),
        "image": image(wired.name, role, values),
        "env": environment,
        "resources": {
            "requests": {"memory": memory, "cpu": f"{wired.memory_mb * 1000 // MB_PER_CPU}m"},
            "limits": {"memory": memory},
        },
        "livenessProbe": _probe(health.HEALTH, 30),
        "readinessProbe": _probe(health.READY, 10),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108 - a mount of the pod's own
    }


def _probe(path: str, seconds: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": PORT},
        "periodSeconds": seconds,
        "timeoutSeconds": 5,
        "failureThreshold": 3,
    }


def _scratch(wired: Wired) -> Manifest:
    """The one place that is written to.

    Media functions hold an attempt of up to 8 GiB and what is made of it: twice that, and some.
    """
    size = "20Gi" if "media" in wired.layers else "1Gi"
    return {"name": "scratch", "emptyDir": {"sizeLimit": size}}


def _environment(wired: Wired, values: Values, *more: str) -> list[Manifest]:
    """The settings of the function's own parts, in the order of their names, and `more`."""
    known = values.settings.keys() | values.secrets.keys()
    given = {variable for variable in known if wired.given(variable)} | set(more)
    return [_variable(variable, wired.name, values) for variable in sorted(given)]


def _variable(variable: str, function: str, values: Values) -> Manifest:
    if variable in values.settings:
        return {"name": variable, "value": values.settings[variable]}
    secret = values.secrets[variable]
    name = secret.name.replace("{function}", kebab(function))
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": secret.key}}}
