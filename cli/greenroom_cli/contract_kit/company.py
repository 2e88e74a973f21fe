"""What the kit brings into a Greenroom to work with: a competency model, a template, invited candidates."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from greenroom_cli.contract_kit.api import Api
from greenroom_cli.contract_kit.certificate import Broken
from greenroom_cli.contract_kit.contracts import Contracts

NAME = "contract-kit"
"""The id of its model and its template, and the beginning of its candidates' ids."""
POLL_S = 0.2
SETTLES_S = 30
"""Seconds that the platform may take to record what it just did."""


class Company:
    """Mails to the candidates it makes up go to `mailbox`, with ``+…`` before the ``@``."""

    def __init__(self, api: Api, contracts: Contracts, mailbox: str) -> None:
        self._api = api
        self._mailbox = mailbox
        self.model = {**contracts.example("invitation.competency_model"), "id": NAME}
        self.template = {**contracts.example("invitation.template"), "id": NAME}
        self.interviews: list[str] = []
        """Every interview that it had made; to be cancelled in the end."""

    def candidate(self, name: str = "合同测试 Contract Kit") -> dict[str, Any]:
        """A new one with a résumé, and an address of their own in the mailbox: no batch takes one address twice."""
        who = secrets.token_hex(4)
        user, _, domain = self._mailbox.rpartition("@")
        return {
            "external_id": f"{NAME}-{who}",
            "name": name,
            "email": f"{user}+{who}@{domain}",
            "locale": "zh-CN",
            "resume": {"education": "本科", "years_of_experience": 3, "keywords": ["零售"]},
        }

    def batch(self, candidates: list[dict[str, Any]]) -> dict[str, Any]:
        deadline = datetime.now(UTC) + timedelta(days=3)
        return {**self.head(deadline), "candidates": candidates}

    def head(self, deadline: datetime) -> dict[str, str]:
        """A batch without its candidates."""
        return {
            "template": NAME,
            "competency_model": NAME,
            "deadline": deadline.isoformat(timespec="seconds"),
            "locale": "zh-CN",
        }

    def bring_catalogue(self) -> None:
        self._api.call("PUT", f"/v1/competency-models/{NAME}", document=self.model)
        self._api.call("PUT", f"/v1/templates/{NAME}", document=self.template)

    def invite(self, count: int) -> list[str]:
        """The interviews of a batch of `count` candidates."""
        batch = self.batch([self.candidate() for _ in range(count)])
        answer = self._api.call(
            "POST", "/v1/batches", status=202, document=batch, key=secrets.token_hex(8)
        )
        return self.interviews_of(answer["batch"], count)

    def interviews_of(self, batch: str, count: int) -> list[str]:
        """Once all `count` are there; oldest first. Raises `Broken` (`not_in_time`)."""
        found: list[str] = []

        def all_there() -> bool:
            page = self._api.call("GET", f"/v1/interviews?batch={batch}&sort=created_at")
            found[:] = [item["interview"] for item in page["interviews"]]
            return len(found) == count

        self.poll(all_there, f"/v1/interviews?batch={batch}")
        self.interviews += found
        return found

    def poll(self, holds: Callable[[], bool], what: str) -> None:
        """Until `holds`. Raises `Broken` (`not_in_time`)."""
        until = time.monotonic() + SETTLES_S
        while not holds():
            if time.monotonic() > until:
                raise Broken("not_in_time", what=what, seconds=SETTLES_S)
            time.sleep(POLL_S)

    def clean_up(self) -> None:
        """Cancel what is left, so that nobody is reminded of an interview that never was."""
        for interview in self.interviews:
            self._api.call("POST", f"/v1/interviews/{interview}/cancel")


def new_secret() -> str:
    """A secret in the form of Standard Webhooks that nobody else has."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
