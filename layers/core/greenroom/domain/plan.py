"""What a batch's interviews are about: a snapshot, so that later edits change no running interview."""

from __future__ import annotations

from pydantic import Field

from greenroom.domain.competency import CompetencyModel
from greenroom.domain.model import Document
from greenroom.domain.policy import Policy, shipped_policy
from greenroom.domain.template import Template


class Plan(Document):
    """The template with the batch's own questions put in, the competency model, and the policy."""

    template: Template
    model: CompetencyModel
    policy: Policy = Field(default_factory=lambda: shipped_policy("cn"))
