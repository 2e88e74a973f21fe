"""What was asked in an answer: all that an analysis module may know besides the recording."""

from __future__ import annotations

from typing import Self

from greenroom.domain.competency import Competency
from greenroom.domain.model import Document
from greenroom.domain.plan import Plan
from greenroom.domain.template import Question


class Asked(Document):
    """The question, and the competencies that its answer is to show. Nothing about who answers."""

    question: Question
    competencies: list[Competency] = []

    @classmethod
    def in_plan(cls, plan: Plan, answer: str) -> Self:
        """What `answer` answers; a question without competencies is about all of them. Raises KeyError."""
        question = plan.template.question(answer)
        shown = [
            item
            for item in plan.model.competencies
            if not question.competencies or item.id in question.competencies
        ]
        return cls(question=question, competencies=shown)

    def keywords(self) -> list[str]:
        """The competencies' keywords, each once, in the model's order."""
        found = [word for item in self.competencies for word in item.keywords]
        return list(dict.fromkeys(found))
