"""The fake EHR: brings catalogue, candidates and batches, steers interviews, and is told of every step."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from standardwebhooks import Webhook, WebhookVerificationError

from greenroom_cli.contract_kit.api import Api
from greenroom_cli.contract_kit.certificate import Broken, Step
from greenroom_cli.contract_kit.company import NAME, Company, new_secret
from greenroom_cli.contract_kit.contracts import Contracts
from greenroom_cli.contract_kit.inbox import Arrival, Inbox

WAIT_S = 90
"""For a webhook: it comes at once, or with the sweep of once a minute."""
TOLD = {
    "interview.created",
    "reminder.requested",
    "time.granted",
    "deadline.extended",
    "interview.cancelled",
}
"""What an EHR must have heard of the interview that it steered."""


class Ehr:
    """`stranger` is the same API without a key; `callback` is where Greenroom reaches the inbox."""

    def __init__(
        self, api: Api, stranger: Api, inbox: Inbox, company: Company, callback: str
    ) -> None:
        self._api = api
        self._stranger = stranger
        self._inbox = inbox
        self._company = company
        self._mailbox = inbox.open("ehr")
        self._url = f"{callback}/ehr"
        self._endpoint = ""
        self._key = f"{NAME}-{secrets.token_hex(8)}"
        self._batch: dict[str, Any] = {}
        self._answer: dict[str, Any] = {}
        self._interviews: list[str] = []

    def steps(self, contracts: Contracts) -> Iterator[Step]:
        yield Step("ehr.no_key", self._no_key)
        yield Step("ehr.endpoint", self._register, vital=True)
        yield Step("ehr.model", self._model, vital=True)
        yield Step("ehr.model_refused", self._model_refused)
        yield Step("ehr.template", self._template, vital=True)
        yield Step("ehr.candidate", self._candidate)
        yield Step("ehr.batch", self._send_batch, vital=True)
        yield Step("ehr.batch_again", self._send_batch_again)
        yield Step("ehr.key_reused", self._reuse_key)
        yield Step("ehr.csv", self._send_csv)
        yield Step("ehr.batch_read", self._read_batch)
        yield Step("ehr.interviews", self._find_interviews, vital=True)
        yield Step("ehr.pages", self._turn_pages)
        yield Step("ehr.invited", self._await_invitation)
        yield Step("ehr.remind", self._remind)
        yield Step("ehr.extra_time", self._extra_time)
        yield Step("ehr.deadline", self._later)
        yield Step("ehr.cancel", self._cancel)
        yield Step("ehr.unknown", self._unknown)
        yield Step("ehr.told", lambda: self._told(contracts))
        yield Step("ehr.links", self._links)
        yield Step("ehr.resent", self._resent)
        yield Step("ehr.rotated", self._rotated)

    def clean_up(self) -> None:
        if self._endpoint:
            self._api.call("DELETE", f"/v1/webhook-endpoints/{self._endpoint}", status=204)

    def _no_key(self) -> None:
        self._stranger.refused("GET", "/v1/interviews", 401, "credential_missing")

    def _register(self) -> None:
        wanted = {"url": self._url}
        endpoint = self._api.call("POST", "/v1/webhook-endpoints", status=201, document=wanted)
        self._endpoint, self._mailbox.secret = endpoint["id"], endpoint["secret"]

    def _model(self) -> None:
        path = f"/v1/competency-models/{NAME}"
        kept = self._api.call("PUT", path, document=self._company.model)
        _same(path, kept, self._api.call("GET", path))

    def _model_refused(self) -> None:
        """Weights that do not add up to 100."""
        model = self._company.model
        heavier = [{**item, "weight": item["weight"] + 1} for item in model["competencies"]]
        path = f"/v1/competency-models/{NAME}"
        unbalanced = {**model, "competencies": heavier}
        self._api.refused("PUT", path, 422, "invalid_document", document=unbalanced)

    def _template(self) -> None:
        path = f"/v1/templates/{NAME}"
        kept = self._api.call("PUT", path, document=self._company.template)
        _same(path, kept, self._api.call("GET", path))

    def _candidate(self) -> None:
        candidate = self._company.candidate()
        path = f"/v1/candidates/{candidate['external_id']}"
        kept = self._api.call("PUT", path, document=candidate)
        _same(path, kept, self._api.call("GET", path))

    def _send_batch(self) -> None:
        """The second of three rows has no address: it is named, and the others go on."""
        good, bad = [self._company.candidate() for _ in range(2)], self._company.candidate()
        self._batch = self._company.batch([good[0], {**bad, "email": "nobody"}, good[1]])
        self._answer = self._post_batch()
        counts = (self._answer["accepted"], self._answer["rejected"])
        if counts != (2, 1):
            raise Broken("rows", wanted="2, 1", got=counts)

    def _send_batch_again(self) -> None:
        _same("POST /v1/batches", self._answer, self._post_batch())

    def _post_batch(self) -> Any:
        return self._api.call(
            "POST", "/v1/batches", status=202, document=self._batch, key=self._key
        )

    def _reuse_key(self) -> None:
        other = {**self._batch, "locale": "en"}
        self._api.refused(
            "POST", "/v1/batches", 409, "idempotency_key_reused", document=other, key=self._key
        )

    def _send_csv(self) -> None:
        """As Excel writes it, with Chinese columns; one row is bad."""
        good, bad = self._company.candidate(), self._company.candidate()
        sheet = (
            "编号,姓名,邮箱,学历\n"
            f"{good['external_id']},{good['name']},{good['email']},本科\n"
            f"{bad['external_id']},{bad['name']},nobody,本科\n"
        )
        deadline = self._batch["deadline"]
        head = {"template": NAME, "competency_model": NAME, "deadline": deadline}
        path = f"/v1/batches?{urlencode(head)}"
        answer = self._api.call("POST", path, status=202, text=sheet, key=secrets.token_hex(8))
        if (answer["accepted"], [item["row"] for item in answer["errors"]]) != (1, [3]):
            raise Broken("rows", wanted="1, [3]", got=answer)
        self._company.interviews_of(answer["batch"], 1)

    def _read_batch(self) -> None:
        self._api.call("GET", f"/v1/batches/{self._answer['batch']}")

    def _find_interviews(self) -> None:
        self._interviews = self._company.interviews_of(self._answer["batch"], 2)
        for interview in self._interviews:
            self._api.call("GET", f"/v1/interviews/{interview}")

    def _turn_pages(self) -> None:
        """Page by page of one, by the cursor that each gives."""
        first = f"/v1/interviews?batch={self._answer['batch']}&sort=created_at&limit=1"
        seen, path = [], first
        for _ in self._interviews:
            page = self._api.call("GET", path)
            seen += [item["interview"] for item in page["interviews"]]
            path = f"{first}&after={page['next']}"
        if sorted(seen) != sorted(self._interviews) or page["next"] is not None:
            raise Broken("pages", wanted=self._interviews, got=seen)

    def _await_invitation(self) -> None:
        self._await("interview.invited")

    def _remind(self) -> None:
        self._api.call("POST", f"{self._path}/remind", document={"reason": "contract kit"})

    def _extra_time(self) -> None:
        self._api.call("PUT", f"{self._path}/time-factor", document={"factor": 1.5})

    def _later(self) -> None:
        deadline = datetime.fromisoformat(self._batch["deadline"]) + timedelta(days=1)
        wanted = {"deadline": deadline.isoformat()}
        self._api.call("PUT", f"{self._path}/deadline", document=wanted)

    def _cancel(self) -> None:
        """Twice: what was cancelled stays so."""
        for _ in range(2):
            answer = self._api.call(
                "POST", f"{self._path}/cancel", document={"reason": "contract kit"}
            )
            if answer["state"] != "cancelled":
                raise Broken("state", wanted="cancelled", got=answer["state"])

    def _unknown(self) -> None:
        self._api.refused("GET", "/v1/interviews/itv_nobody", 404, "unknown_interview")

    def _told(self, contracts: Contracts) -> None:
        """Signatures, contract, order and ids of everything that came."""
        self._await("interview.cancelled")
        for arrival in self._mailbox.arrivals:
            if not arrival.verified:
                raise Broken("signature", id=arrival.id)
            breaches = contracts.event(arrival.event)
            if breaches:
                raise Broken(
                    "contract", what=arrival.event.get("type"), breaches="; ".join(breaches)
                )
            if arrival.id != arrival.event["id"]:
                raise Broken("ids", header=arrival.id, body=arrival.event["id"])
        for interview in self._interviews:
            numbers = [a.event["sequence"] for a in self._mailbox.kept(interview)]
            if numbers != list(range(1, len(numbers) + 1)):
                raise Broken("order", interview=interview, got=numbers)
        missing = TOLD - {a.event["type"] for a in self._mailbox.kept(self._interviews[0])}
        if missing:
            raise Broken("untold", types=", ".join(sorted(missing)))

    def _links(self) -> None:
        """What a thin payload leads to can be read."""
        for name, path in self._last().event["data"]["links"].items():
            if name and path.startswith("/v1/"):
                self._api.call("GET", path)

    def _resent(self) -> None:
        """Sent again on request: the same bytes under the same id."""
        first = self._last()
        again = self._send_again(first)
        if again.body != first.body:
            raise Broken("other_body", id=first.id)

    def _rotated(self) -> None:
        """After a rotation either secret verifies."""
        former, secret = self._mailbox.secret, new_secret()
        path = f"/v1/webhook-endpoints/{self._endpoint}/rotate-secret"
        self._api.call("POST", path, document={"secret": secret, "overlap_hours": 1})
        again = self._send_again(self._last())
        for one in (former, secret):
            try:
                Webhook(one).verify(again.body, again.headers)
            except WebhookVerificationError:
                raise Broken("signature", id=again.id) from None

    def _send_again(self, arrival: Arrival) -> Arrival:
        had = len(self._mailbox.attempts(arrival.id))
        path = f"/v1/webhook-deliveries/{self._endpoint}/{arrival.id}/resend"
        self._api.call("POST", path, status=202, key=secrets.token_hex(8))
        self._inbox.wait_for(
            lambda: len(self._mailbox.attempts(arrival.id)) > had, WAIT_S, arrival.id
        )
        return self._mailbox.attempts(arrival.id)[-1]

    def _last(self) -> Arrival:
        kept = self._mailbox.kept(self._interviews[0])
        if not kept:
            raise Broken("untold", types=", ".join(sorted(TOLD)))
        return kept[-1]

    def _await(self, kind: str) -> None:
        def came() -> bool:
            kept = self._mailbox.kept(self._interviews[0])
            return any(arrival.event["type"] == kind for arrival in kept)

        self._inbox.wait_for(came, WAIT_S, kind)

    @property
    def _path(self) -> str:
        return f"/v1/interviews/{self._interviews[0]}"


def _same(what: str, wanted: object, got: object) -> None:
    if got != wanted:
        raise Broken("differs", what=what)
