"""The fake OA: subscribed to two types only, it acts on what it is told by following the links."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom_cli.contract_kit.api import Api
from greenroom_cli.contract_kit.certificate import Broken, Step
from greenroom_cli.contract_kit.company import Company
from greenroom_cli.contract_kit.ehr import WAIT_S
from greenroom_cli.contract_kit.inbox import Inbox

TYPES = ["interview.created", "interview.cancelled"]


class Oa:
    """An approval system: hears of a new interview, names its interviewers, and is told when it ends."""

    def __init__(self, api: Api, inbox: Inbox, company: Company, callback: str) -> None:
        self._api = api
        self._inbox = inbox
        self._company = company
        self._mailbox = inbox.open("oa")
        self._url = f"{callback}/oa"
        self._endpoint = ""
        self._interview = ""

    def steps(self) -> Iterator[Step]:
        yield Step("oa.endpoint", self._register, vital=True)
        yield Step("oa.created", self._hear, vital=True)
        yield Step("oa.results", self._read)
        yield Step("oa.interviewers", self._assign)
        yield Step("oa.ended", self._end)

    def clean_up(self) -> None:
        if self._endpoint:
            self._api.call("DELETE", f"/v1/webhook-endpoints/{self._endpoint}", status=204)

    def _register(self) -> None:
        wanted = {"url": self._url, "types": TYPES}
        endpoint = self._api.call("POST", "/v1/webhook-endpoints", status=201, document=wanted)
        self._endpoint, self._mailbox.secret = endpoint["id"], endpoint["secret"]

    def _hear(self) -> None:
        (self._interview,) = self._company.invite(1)
        self._await(1)

    def _read(self) -> None:
        links = self._mailbox.kept(self._interview)[0].event["data"]["links"]
        results = self._api.call("GET", links["results"])
        if results["interview"] != self._interview:
            raise Broken("state", wanted=self._interview, got=results["interview"])

    def _assign(self) -> None:
        """In place of those before: nobody, so that no reviewer's desk fills with tests."""
        path = f"/v1/interviews/{self._interview}/interviewers"
        self._api.call("PUT", path, document={"interviewers": []})

    def _end(self) -> None:
        """Of the steps in between it hears nothing: it asked for two types."""
        self._api.call("POST", f"/v1/interviews/{self._interview}/cancel")
        self._await(2)
        types = [arrival.event["type"] for arrival in self._mailbox.kept(self._interview)]
        if types != TYPES:
            raise Broken("types", wanted=", ".join(TYPES), got=", ".join(types))

    def _await(self, count: int) -> None:
        self._inbox.wait_for(
            lambda: len(self._mailbox.kept(self._interview)) >= count, WAIT_S, TYPES[count - 1]
        )
