"""A follow-up 追问: one more question to an answer, as the interview's plan holds it once it was offered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from greenroom.domain.model import Slug
from greenroom.domain.template import Question


class FollowUp(Question):
    """A question of its own, with its own limits and its own answer, about what the answer `follows` left out.

    `attempt` is the attempt that was looked at, `rule` what it lacked by the rule set `rules_version`. `source` says
    who worded it; `fallback` is the code of the reason why a configured language model did not. Nobody owes it.
    """

    follows: Slug
    attempt: Annotated[int, Field(ge=1)]
    rule: Slug
    rules_version: str
    source: Literal["rules", "language_model"] = "rules"
    fallback: str | None = None
