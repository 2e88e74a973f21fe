"""Seeds the demo company through the API, as an EHR would; seeding twice changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

from greenroom_cli.demo.hr import HrSystem
from greenroom_cli.demo.mail import personal_link

CANDIDATES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "screening",
        "store-manager",
        {
            "external_id": "demo-1001",
            "name": "王芳",
            "email": "wang.fang@example.com",
            "locale": "zh-CN",
            "resume": {
                "education": "本科",
                "years_of_experience": 3,
                "keywords": ["零售", "团队管理", "客户投诉"],
            },
        },
    ),
    (
        "skills",
        "product-manager",
        {
            "external_id": "demo-1002",
            "name": "Alex Chen",
            "email": "alex.chen@example.com",
            "locale": "en",
            "resume": {
                "education": "Master",
                "years_of_experience": 5,
                "keywords": ["project management", "data analysis"],
            },
        },
    ),
)


def documents(folder: str) -> dict[str, Any]:
    """The seed's documents of one kind by id: `competency_models` or `templates`."""
    found = (resources.files("greenroom_cli") / "seed" / folder).iterdir()
    read = [json.loads(path.read_text("utf-8")) for path in found if path.name.endswith(".json")]
    return {document["id"]: document for document in sorted(read, key=lambda item: str(item["id"]))}


def invite_demo_candidates(server: str, api_key: str, mailbox: str) -> dict[str, str]:
    """Import the catalogue, invite each candidate once, and read their links from their mails."""
    hr = HrSystem(server, api_key)
    known = {item["id"] for item in hr.call("GET", "/v1/templates")["templates"]}
    if not known:
        for model_id, model in documents("competency_models").items():
            hr.call("PUT", f"/v1/competency-models/{model_id}", json=model)
        for template_id, template in documents("templates").items():
            hr.call("PUT", f"/v1/templates/{template_id}", json=template)
        for template_id, model_id, candidate in CANDIDATES:
            _invite(hr, template_id, model_id, candidate)
    return {
        candidate["name"]: personal_link(mailbox, candidate["email"], timeout_s=60)
        for _, _, candidate in CANDIDATES
    }


def _invite(hr: HrSystem, template_id: str, model_id: str, candidate: dict[str, Any]) -> None:
    hr.call(
        "POST",
        "/v1/batches",
        headers={"Idempotency-Key": f"seed-{candidate['external_id']}"},
        json={
            "template": template_id,
            "competency_model": model_id,
            "deadline": (datetime.now(UTC) + timedelta(days=14)).isoformat(),
            "locale": candidate["locale"],
            "candidates": [candidate],
        },
    )
