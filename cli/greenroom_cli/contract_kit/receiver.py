"""The customer's own receiver on trial: it is sent what Greenroom may send, and what it must not believe."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks import Webhook

from greenroom_cli.contract_kit.certificate import Broken, Step
from greenroom_cli.contract_kit.company import new_secret
from greenroom_cli.contract_kit.contracts import Contracts

TIMEOUT_S = 20
"""As long as Greenroom waits by default."""
TOO_OLD = timedelta(minutes=10)
"""Twice what Standard Webhooks tolerates."""
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class ReceiverTrial:
    """`url` and `secret` as they were, or would be, registered with Greenroom."""

    def __init__(self, url: str, secret: str, contracts: Contracts) -> None:
        self._url = url
        self._secret = secret
        self._contracts = contracts
        self._interview = f"itv_{secrets.token_hex(10)}"
        self._http = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)

    def steps(self) -> Iterator[Step]:
        yield Step("receiver.valid", self._valid, vital=True)
        yield Step("receiver.duplicate", self._duplicate)
        yield Step("receiver.every_type", self._every_type)
        yield Step("receiver.unknown_type", self._unknown_type)
        yield Step("receiver.more_members", self._more_members)
        yield Step("receiver.out_of_order", self._out_of_order)
        yield Step("receiver.two_signatures", self._two_signatures)
        yield Step("receiver.wrong_secret", self._wrong_secret)
        yield Step("receiver.altered", self._altered)
        yield Step("receiver.other_id", self._other_id)
        yield Step("receiver.unsigned", self._unsigned)
        yield Step("receiver.old", self._at(-TOO_OLD))
        yield Step("receiver.future", self._at(TOO_OLD))
        yield Step("receiver.still_there", self._valid)

    def close(self) -> None:
        self._http.close()

    def _valid(self) -> None:
        self._taken(self._event())

    def _duplicate(self) -> None:
        """Three times the same: an acknowledgement may get lost on its way."""
        event = self._event()
        for _ in range(3):
            self._taken(event)

    def _every_type(self) -> None:
        for number, kind in enumerate(self._contracts.event_types, start=10):
            self._taken(self._event(kind, number))

    def _unknown_type(self) -> None:
        """A later version may bring types that this receiver does not know."""
        self._taken(self._event("contract_kit.unknown"))

    def _more_members(self) -> None:
        """Within a major version members are added."""
        event = self._event()
        event["data"]["details"]["added_later"] = {"名": ["值"]}
        self._taken(event)

    def _out_of_order(self) -> None:
        """After a resend the older event comes later."""
        for number in (9, 8):
            self._taken(self._event(number=number))

    def _two_signatures(self) -> None:
        """As during a rotation, the other secret's first, and one of a version that nobody knows."""
        event = self._event()
        others = self._signed(event, new_secret())["webhook-signature"]
        headers = self._signed(event)
        headers["webhook-signature"] = f"v9,AAAA {others} {headers['webhook-signature']}"
        self._taken(event, headers)

    def _wrong_secret(self) -> None:
        event = self._event()
        self._refused(event, self._signed(event, new_secret()))

    def _altered(self) -> None:
        event = self._event()
        headers = self._signed(event)
        event["data"]["state"] = "scored"
        self._refused(event, headers)

    def _other_id(self) -> None:
        """The signature covers the id, else a duplicate could pass as news."""
        event = self._event()
        self._refused(event, {**self._signed(event), "webhook-id": f"evt_{secrets.token_hex(10)}"})

    def _unsigned(self) -> None:
        event = self._event()
        headers = self._signed(event)
        del headers["webhook-signature"]
        self._refused(event, headers)

    def _at(self, shift: timedelta) -> Callable[[], None]:
        def send() -> None:
            event = self._event()
            self._refused(event, self._signed(event, at=datetime.now(UTC) + shift))

        return send

    def _event(self, kind: str = "interview.invited", number: int = 1) -> dict[str, Any]:
        """A new one, of the golden example's form."""
        event: dict[str, Any] = self._contracts.example("sync.event")
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        event |= {"id": f"evt_{secrets.token_hex(10)}", "type": kind, "sequence": number}
        event |= {"subject": self._interview, "time": now}
        event["data"]["interview"] = self._interview
        event["data"]["links"] = {"results": f"/v1/interviews/{self._interview}/results"}
        return event

    def _signed(
        self, event: dict[str, Any], secret: str | None = None, at: datetime | None = None
    ) -> dict[str, str]:
        at = at or datetime.now(UTC)
        signature = Webhook(secret or self._secret).sign(event["id"], at, _body(event).decode())
        return {
            "webhook-id": event["id"],
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }

    def _taken(self, event: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        got = self._post(event, headers or self._signed(event))
        if not 200 <= got < 300:
            raise Broken("not_taken", type=event["type"], got=got)

    def _refused(self, event: dict[str, Any], headers: dict[str, str]) -> None:
        """4xx, but not 410, which would switch the endpoint off."""
        got = self._post(event, headers)
        if not 400 <= got < 500 or got == 410:
            raise Broken("not_refused", got=got)

    def _post(self, event: dict[str, Any], headers: dict[str, str]) -> int:
        headers = {"Content-Type": CONTENT_TYPE, "User-Agent": "Greenroom", **headers}
        return self._http.post(self._url, content=_body(event), headers=headers).status_code


def _body(event: dict[str, Any]) -> bytes:
    """As Greenroom writes it: UTF-8, sorted, without spaces."""
    return json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
