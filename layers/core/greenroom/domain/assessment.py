"""Assessment partners: another company's ATS orders interviews as tests, in its own contract (Greenhouse)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from greenroom.domain.batch import Email, Line
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import NotFound
from greenroom.domain.events import EventType
from greenroom.domain.ids import derived_id
from greenroom.domain.interview import InterviewState
from greenroom.domain.model import Document, Locale, text_in
from greenroom.domain.template import Template

GREENHOUSE = "greenhouse"
COMPLETE = frozenset({InterviewState.SCORED, InterviewState.HUMAN_REVIEW, InterviewState.DECIDED})
"""The states whose results an ATS may show: nothing more comes from the candidate."""
COMPLETING = frozenset(
    {EventType.INTERVIEW_SCORED, EventType.INTERVIEW_HUMAN_REVIEW, EventType.INTERVIEW_DECIDED}
)


def _straight(url: str) -> str:
    """Only below the endpoint's own address may a callback lie: one with dots could leave it on the way."""
    if any(segment in (".", "..") for segment in unquote(urlsplit(url).path).split("/")):
        raise ValueError("a path without . and ..")
    return url


Url = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s@]+$", max_length=2000),
    AfterValidator(_straight),
]
Text = Annotated[str, StringConstraints(max_length=2000)]


class _Theirs(Document):
    """Greenhouse reserves the right to add properties: what we do not know is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Taker(_Theirs):
    """The candidate as Greenhouse names them; résumé and phone number are not read."""

    first_name: Line
    last_name: Line
    email: Email
    greenhouse_profile_url: Url


class AssessmentOrder(_Theirs):
    """The body of ``send_test``; `url` is where completion is told, one per test of a candidate."""

    partner_test_id: Annotated[str, StringConstraints(max_length=200)]
    candidate: Taker
    url: Url

    @property
    def batch(self) -> str:
        """The same order again is the same batch of one; a corrected address is another order."""
        taker = self.candidate.email.lower()
        return derived_id("bat", GREENHOUSE, self.url, self.partner_test_id, taker)

    @property
    def external_id(self) -> str:
        """Greenhouse's number of the person, where the profile's URL has one."""
        person = re.search(r"/people/([0-9]{1,20})\b", self.candidate.greenhouse_profile_url)
        number = person[1] if person else derived_id("p", self.candidate.email.lower())
        return f"{GREENHOUSE}-{number}"


class ResponseError(_Theirs):
    """The body of ``response_error``: what Greenhouse did not like about an answer of ours."""

    api_call: Text
    errors: Annotated[list[Text], Field(max_length=100)]
    partner_test_id: Text | None = None
    partner_interview_id: Text | None = None


class Offer(BaseModel):
    """A template for a job: what an ATS calls a test."""

    partner_test_id: str
    partner_test_name: str


def offers(
    templates: Iterable[Template], models: Iterable[CompetencyModel], locale: Locale
) -> Iterator[Offer]:
    """Every template with every job whose competency model knows the competencies that it asks about."""
    jobs = list(models)
    for template in templates:
        asked = {name for question in template.questions for name in question.competencies}
        for model in jobs:
            if asked <= {competency.id for competency in model.competencies}:
                named = f"{text_in(template.name, locale)} · {text_in(model.job, locale)}"
                yield Offer(partner_test_id=f"{template.id}:{model.id}", partner_test_name=named)


def offered(partner_test_id: str) -> tuple[str, str]:
    """Template and competency model of a test's id. Raises `NotFound` (`unknown_test`)."""
    template, colon, model = partner_test_id.partition(":")
    if not colon:
        raise NotFound(f"no test {partner_test_id}", code="unknown_test")
    return template, model


def partner_status(state: InterviewState | None) -> str:
    """``complete`` where results can be shown; before that the interview's state, `ordered` before it is there."""
    if state is None:
        return "ordered"
    return "complete" if state in COMPLETE else state.value


def metadata(**values: Any) -> dict[str, Any]:
    """A flat object of primitives with the names that people read beside the score."""
    return {name.replace("_", " ").capitalize(): value for name, value in values.items()}
