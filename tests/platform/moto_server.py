"""moto's server, with two habits that a real platform does not have taken off.

It writes redrive policies again with Python's default separators, in which Terraform sees a change that there is none.
And it runs what queues are mapped to by itself, in containers: without an engine for them, messages are lost.
"""

import json
from types import SimpleNamespace
from typing import Any

import moto.sqs.models
from moto.server import main


def compact(value: Any, **options: Any) -> str:
    return json.dumps(value, **{"separators": (",", ":"), "sort_keys": True, **options})


def nothing(_: object) -> dict[str, Any]:
    return {}


def forget(_: object, __: object) -> None:
    """Mappings are kept by the functions' API, and read from there by who runs them."""


if __name__ == "__main__":
    moto.sqs.models.Queue.lambda_event_source_mappings = property(nothing, forget)  # type: ignore[assignment]
    moto.sqs.models.json = SimpleNamespace(  # type: ignore[attr-defined]
        loads=json.loads, dumps=compact, JSONDecodeError=json.JSONDecodeError
    )
    main()
