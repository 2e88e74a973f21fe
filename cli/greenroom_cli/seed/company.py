"""Seeds the demo company through the API, as an EHR would; seeding again brings only what is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from greenroom_cli.demo.hr import HrSystem
from greenroom_cli.demo.mail import newest_link, personal_link
from greenroom_cli.seed.documents import documents

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


def bring_catalogue(hr: HrSystem) -> None:
    """Import the models and templates that are missing; what was edited since stays as it is."""
    for folder, path, listed in (
        ("competency_models", "/v1/competency-models", "competency_models"),
        ("templates", "/v1/templates", "templates"),
    ):
        known = {item["id"] for item in hr.call("GET", path)[listed]}
        for document_id, document in documents(folder).items():
            if document_id not in known:
                hr.call("PUT", f"{path}/{document_id}", json=document)


def invite_demo_candidates(hr: HrSystem, mailbox: str, now: datetime) -> None:
    """Invite each candidate who has no mail yet.

    Killed after the request and before the mail, the next start sends the same request with the same
    Idempotency-Key: nobody is invited twice.
    """
    day = now.astimezone(UTC).date()
    # The end of the working day in China, in two weeks: the same request for a whole day.
    deadline = datetime(day.year, day.month, day.day, 10, tzinfo=UTC) + timedelta(days=14)
    for template_id, model_id, candidate in CANDIDATES:
        if newest_link(mailbox, candidate["email"]) is None:
            hr.call(
                "POST",
                "/v1/batches",
                headers={"Idempotency-Key": f"seed-{candidate['external_id']}-{day}"},
                json={
                    "template": template_id,
                    "competency_model": model_id,
                    "deadline": deadline.isoformat(),
                    "locale": candidate["locale"],
                    "candidates": [candidate],
                },
            )


def personal_links(mailbox: str, timeout_s: float = 60) -> dict[str, str]:
    """Each demo candidate's link by name, read from their mails. Raises TimeoutError."""
    return {
        candidate["name"]: personal_link(mailbox, candidate["email"], timeout_s)
        for _, _, candidate in CANDIDATES
    }
