"""HR's system, as Greenroom sees it: an API key and HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from greenroom_cli.seed.documents import documents


class HrSystem:
    """The calls that an EHR makes. Raises `httpx.HTTPStatusError` with the problem's detail."""

    def __init__(self, server: str, api_key: str) -> None:
        self._http = httpx.Client(
            base_url=server, headers={"Authorization": f"Bearer {api_key}"}, timeout=30
        )

    def call(self, method: str, path: str, **options: Any) -> Any:
        """One request; the JSON it answers, None for an empty answer."""
        response = self._http.request(method, path, **options)
        if response.is_error:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return response.json() if response.content else None

    def import_catalogue(self, model: str, template: str) -> None:
        """Bring the competency model and the template, as an EHR's export would."""
        for folder, name, path in (
            ("competency_models", model, f"/v1/competency-models/{model}"),
            ("templates", template, f"/v1/templates/{template}"),
        ):
            self.call("PUT", path, json=documents(folder)[name])

    def register_webhook(self, url: str) -> str:
        """Register a receiver; the secret that its signatures are made with."""
        endpoint = self.call("POST", "/v1/webhook-endpoints", json={"url": url})
        secret: str = endpoint["secret"]
        self._endpoint = endpoint["id"]
        return secret

    def remove_webhook(self) -> None:
        self.call("DELETE", f"/v1/webhook-endpoints/{self._endpoint}")

    def invite(
        self,
        candidate: dict[str, Any],
        question: dict[str, Any],
        *,
        model: str,
        template: str,
        deadline: datetime | None = None,
    ) -> str:
        """Send a batch of one candidate, by default due in three days; the batch's id."""
        deadline = deadline or datetime.now(UTC) + timedelta(days=3)
        batch = self.call(
            "POST",
            "/v1/batches",
            headers={"Idempotency-Key": f"demo-{candidate['external_id']}"},
            json={
                "template": template,
                "competency_model": model,
                "deadline": deadline.isoformat(),
                "questions": [question],
                "candidates": [candidate],
            },
        )
        batch_id: str = batch["batch"]
        return batch_id

    def results(self, interview: str) -> Any:
        return self.call("GET", f"/v1/interviews/{interview}/results")
