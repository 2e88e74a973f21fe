"""What a batch's interviews are about: a snapshot, so that later edits change no running interview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from greenroom.domain.competency import CompetencyModel
from greenroom.domain.follow_up import FollowUp
from greenroom.domain.mapping import Mapping, shipped_mapping
from greenroom.domain.model import Document
from greenroom.domain.policy import Policy, shipped_policy
from greenroom.domain.template import Template


class Plan(Document):
    """The template with the batch's own questions put in, the competency model, the policy, and the mapping.

    `mail_tracking`: whether the batch's mails tell when they are opened: the policy and the installation allowed it.
    """

    template: Template
    model: CompetencyModel
    policy: Policy = Field(default_factory=lambda: shipped_policy("cn"))
    mapping: Mapping = Field(default_factory=shipped_mapping)
    mail_tracking: bool = False

    def with_follow_ups(self, offered: Sequence[FollowUp]) -> Self:
        """One interview's plan: each follow-up that was offered in it stands after its question."""
        if not offered:
            return self
        by_question = {item.follows: item for item in offered}
        questions = [
            one
            for question in self.template.questions
            for one in (question, by_question.get(question.id))
            if one is not None
        ]
        template = self.template.model_copy(update={"questions": questions})
        return self.model_copy(update={"template": template})

    @property
    def follow_ups(self) -> dict[str, FollowUp]:
        """The follow-ups that were offered, by their own ids."""
        return {item.id: item for item in self.template.questions if isinstance(item, FollowUp)}

    @property
    def numbers(self) -> dict[str, int]:
        """Each question's number as people count; a follow-up has its question's."""
        follow_ups = self.follow_ups
        asked = [item.id for item in self.template.questions if item.id not in follow_ups]
        own = {name: number for number, name in enumerate(asked, start=1)}
        return own | {item.id: own[item.follows] for item in follow_ups.values()}
