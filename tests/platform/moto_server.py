"""moto's server, with redrive policies written as the platform's own API writes them: without spaces.

moto writes them again with Python's default separators, in which Terraform sees a change that there is none.
"""

import json
from types import SimpleNamespace
from typing import Any

import moto.sqs.models
from moto.server import main


def compact(value: Any, **options: Any) -> str:
    return json.dumps(value, **{"separators": (",", ":"), "sort_keys": True, **options})


if __name__ == "__main__":
    moto.sqs.models.json = SimpleNamespace(  # type: ignore[attr-defined]
        loads=json.loads, dumps=compact, JSONDecodeError=json.JSONDecodeError
    )
    main()
