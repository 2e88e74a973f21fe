"""The kinds of webhook endpoint: signed webhooks, robots of a chat, calls that a company words, an ATS's callback."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, StringConstraints

from greenroom.domain.model import Document, Locale

EndpointKind = Literal["webhook", "wecom", "dingtalk", "feishu", "rest", "greenhouse"]
RobotKind = Literal["wecom", "dingtalk", "feishu"]
ROBOTS: tuple[RobotKind, ...] = ("wecom", "dingtalk", "feishu")

MINUTE = timedelta(minutes=1)
ROBOT_MESSAGES_A_MINUTE: dict[str, int] = {"wecom": 20, "dingtalk": 20, "feishu": 100}
"""What each platform documents for a custom robot; 钉钉 stops one that sends more for ten minutes."""

Fact = Literal["candidate", "score", "flags"]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,500}$")]
OURS = frozenset({"host", "content-length", "content-type", "connection", "transfer-encoding"})
"""Headers that the sender writes itself."""


class ChatNotice(Document):
    """What a robot says beside event, job and interview: nothing about the candidate, unless `facts` says so."""

    locale: Locale = "zh-CN"
    facts: list[Fact] = []


class AnswerCheck(Document):
    """For receivers that answer 2xx whatever happened: their JSON answer's `field` must hold one of `accepted`."""

    field: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    accepted: Annotated[list[str | int | bool], Field(min_length=1, max_length=20)]


class RestCall(Document):
    """A call as an OA such as 泛微 wants it: `body` is a Jinja2 template over `event` and `interview`.

    What the template inserts is escaped for `content_type`. A header's value may name secrets of the installation,
    ``Bearer ${oa-token}``; they are never stored with the endpoint.
    """

    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: Annotated[dict[HeaderName, HeaderValue], Field(max_length=20)] = {}
    content_type: Literal["application/json", "application/x-www-form-urlencoded", "text/xml"] = (
        "application/json"
    )
    body: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    answer: AnswerCheck | None = None

    def shown(self) -> RestCall:
        """As lists and answers show it: a header's value that names no secret may well be one."""
        masked = {name: value if "${" in value else "***" for name, value in self.headers.items()}
        return self.model_copy(update={"headers": masked})


@dataclass(frozen=True)
class InterviewFacts:
    """What messages may say of an interview beside its event. All but `id` is None once it was erased.

    `job` and `job_en` name the job in Chinese and English; `score` is 0–100; `callback_url` is where an ATS that
    ordered the interview wants to be told.
    """

    id: str
    console_url: str
    batch: str | None = None
    job_id: str | None = None
    job: str | None = None
    job_en: str | None = None
    candidate_id: str | None = None
    candidate_name: str | None = None
    candidate_email: str | None = None
    score: float | None = None
    flags: tuple[str, ...] = ()
    deadline: str | None = None
    submitted_at: str | None = None
    callback_url: str | None = None

    def of_template(self) -> dict[str, Any]:
        """`interview` as templates see it."""
        shown = {name: value for name, value in self.__dict__.items() if name != "callback_url"}
        return {**shown, "flags": list(self.flags)}


def shown_url(kind: str, url: str) -> str:
    """`url` as lists, logs and answers show it: a robot's address is its credential and is shown without it."""
    if kind not in ROBOTS:
        return url
    parts = urlsplit(url)
    path = parts.path
    if kind == "feishu":
        path = path.rpartition("/")[0] + "/…"
    return urlunsplit((parts.scheme, parts.netloc, path, "…" if parts.query else "", ""))
