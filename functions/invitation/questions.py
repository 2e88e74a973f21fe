"""Questions proposed for a job (A3); HR edits the list and sends it with the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from functions.invitation.model_questions import ask_model
from greenroom.adapters.language_model import LanguageModelFailed
from greenroom.domain.model import Document
from greenroom.domain.question_bank import QuestionBank, choose_questions
from greenroom.domain.template import Question
from greenroom.runtime.http import Request, Response
from greenroom.runtime.language_model import configured_model

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.domain.competency import CompetencyModel
    from greenroom.runtime.function import Function


class QuestionWish(Document):
    """How many questions, and the résumé's words that choose among them."""

    count: Annotated[int, Field(ge=1, le=30)] = 4
    keywords: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=50)]], Field(max_length=50)
    ] = []
    screen: bool = True


class ProposedQuestions(Document):
    """A list that can be put into a batch's `questions` as it is, and where it came from.

    `fallback` is the code of the reason why a configured language model was not used.
    """

    questions: list[Question]
    source: Literal["bank", "language_model"]
    bank_version: str
    fallback: str | None = None


def propose_questions(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/competency-models/{id}/questions``. Raises `NotFound` (`unknown_competency_model`)."""
    wish = request.document(QuestionWish)
    with app.database.begin() as tx:
        model = tx.catalogue.model(request.params["id"])
        bank = tx.catalogue.bank()
    return Response.json(_proposed(model, wish, bank, app))


def _proposed(
    model: CompetencyModel, wish: QuestionWish, bank: QuestionBank, app: Function[Settings]
) -> ProposedQuestions:
    chosen = choose_questions(model, wish.keywords, wish.count, bank=bank, screen=wish.screen)
    endpoint = configured_model(app.settings.language_model)
    if endpoint is None:
        return ProposedQuestions(questions=chosen, source="bank", bank_version=bank.version)
    try:
        written = ask_model(endpoint, model, wish.keywords, chosen)
    except LanguageModelFailed as error:
        app.logger.warning("language_model_failed", code=error.code, detail=error.detail)
        return ProposedQuestions(
            questions=chosen, source="bank", bank_version=bank.version, fallback=error.code
        )
    return ProposedQuestions(questions=written, source="language_model", bank_version=bank.version)
