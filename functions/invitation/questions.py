"""Questions proposed for a job (A3); HR edits the list and sends it with the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from greenroom.domain.model import Document
from greenroom.domain.question_bank import choose_questions, shipped_bank
from greenroom.domain.template import Question
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function


class QuestionWish(Document):
    """How many questions, and the résumé's words that choose among them."""

    count: Annotated[int, Field(ge=1, le=30)] = 4
    keywords: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=50)]], Field(max_length=50)
    ] = []
    screen: bool = True


class ProposedQuestions(Document):
    """A list that can be put into a batch's `questions` as it is, and the bank that it came from."""

    questions: list[Question]
    source: Literal["bank"] = "bank"
    bank_version: str


def propose_questions(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/competency-models/{id}/questions``. Raises `NotFound` (`unknown_competency_model`)."""
    wish = request.document(QuestionWish)
    with app.database.begin() as tx:
        model = tx.catalogue.model(request.params["id"])
    bank = shipped_bank()
    questions = choose_questions(model, wish.keywords, wish.count, bank=bank, screen=wish.screen)
    return Response.json(ProposedQuestions(questions=questions, bank_version=bank.version))
