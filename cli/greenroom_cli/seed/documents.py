"""The demo company's catalogue: its competency models, and the templates that come with the product."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from greenroom.domain.template import shipped_templates


def documents(folder: str) -> dict[str, Any]:
    """The seed's documents of one kind by id: `competency_models` or `templates`."""
    if folder == "templates":
        return {one.id: one.model_dump(mode="json") for one in shipped_templates()}
    found = (resources.files("greenroom_cli") / "seed" / folder).iterdir()
    read = [json.loads(path.read_text("utf-8")) for path in found if path.name.endswith(".json")]
    return {document["id"]: document for document in sorted(read, key=lambda item: str(item["id"]))}
