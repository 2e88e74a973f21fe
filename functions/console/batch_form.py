"""The form that a batch is put together with: what was typed, what it comes to, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from greenroom.domain.batch import BatchHead, BatchRequest, parse_head, parse_rows
from greenroom.domain.errors import GreenroomError, Invalid
from greenroom.domain.model import canonical_json, invalid_document
from greenroom.domain.question_bank import choose_questions
from greenroom.domain.template import Question
from greenroom.runtime.candidate_pool import invited_by
from greenroom.runtime.candidate_sheet import read_sheet

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

MOST_EDITED = 12
"""Questions that the page lets people edit; a form carries a hundred fields."""
_LOCALES = ("zh-CN", "en")


@dataclass
class BatchForm:
    """`typed` are the form's fields as they came. After `check`, `asked` is the batch where nothing is wrong with it.

    `problems` are refusals by the field they belong to, `ignored` the sheet's columns that nobody knows.
    """

    typed: Mapping[str, str]
    asked: BatchRequest | None = None
    questions: list[Question] = field(default_factory=list)
    problems: dict[str, GreenroomError] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)

    @property
    def questions_of(self) -> str:
        """What the questions were taken from: of another template or model they are other questions."""
        return f"{self.typed.get('template')} {self.typed.get('competency_model')}"

    def check(self, app: Function[Settings], *, propose: bool) -> None:
        """Read everything; `propose`: questions anew from the bank, else those typed, else the template's."""
        self._read_questions(app, propose=propose)
        head = self._head(app.settings.time_zone)
        if head is None:
            return
        try:
            if self.typed.get("source") == "filter":
                rows = invited_by(self.typed.get("filter", ""), app.database)
                self.asked = BatchRequest(head, rows, [])
            else:
                sheet = read_sheet(self.typed.get("candidates", "").encode())
                self.ignored = sheet.ignored
                self.asked = parse_rows(head, sheet.rows, sheet.numbers)
        except GreenroomError as error:
            self.problems["candidates"] = error

    def _head(self, time_zone: str) -> BatchHead | None:
        document: dict[str, Any] = {
            name: self.typed[name]
            for name in ("template", "competency_model", "locale", "policy")
            if self.typed.get(name)
        }
        document["deadline"] = _aware(self.typed.get("deadline", ""), time_zone)
        if self.questions:
            document["questions"] = [item.model_dump(mode="json") for item in self.questions]
        try:
            head = parse_head(document)
        except Invalid as error:
            self.problems["head"] = error
            return None
        return None if self.problems else head

    def _read_questions(self, app: Function[Settings], *, propose: bool) -> None:
        try:
            with app.database.begin() as tx:
                template = tx.catalogue.template(self.typed.get("template", ""))
                model = tx.catalogue.model(self.typed.get("competency_model", ""))
                bank = tx.catalogue.bank()
            if propose:
                count = len(template.questions)
                self.questions = choose_questions(model, [], min(count, MOST_EDITED), bank=bank)
            elif "question-0" in self.typed and self.typed.get("questions_of") == self.questions_of:
                self.questions = _typed_questions(self.typed)
            else:
                self.questions = template.questions
        except GreenroomError as error:
            self.problems["questions"] = error


def _typed_questions(typed: Mapping[str, str]) -> list[Question]:
    """The questions that are kept, with what was changed. Raises `Invalid` (`invalid_document`, `no_question`)."""
    found = []
    for number in range(MOST_EDITED):
        base = typed.get(f"question-{number}")
        if base is None or typed.get(f"keep-{number}") != "yes":
            continue
        try:
            document = json.loads(base)
            changed = {
                name: typed[f"{name}-{number}"]
                for name in ("think_s", "max_s")
                if f"{name}-{number}" in typed
            }
            texts = {
                locale: typed[f"text-{number}-{locale}"].strip()
                for locale in _LOCALES
                if typed.get(f"text-{number}-{locale}", "").strip()
            }
            found.append(Question.model_validate({**document, **changed, "text": texts}))
        except ValidationError as error:
            raise invalid_document(f"question {number + 1}", error) from error
        except (ValueError, TypeError) as error:
            raise Invalid(f"question {number + 1}: {error}", code="invalid_document") from error
    if not found:
        raise Invalid("at least one question is asked", code="no_question")
    return found


def _aware(text: str, time_zone: str) -> str:
    """What ``datetime-local`` gave, in the installation's time zone; what cannot be read is left to be refused."""
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(time_zone))
        return local.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return text


def question_json(question: Question) -> str:
    """A question as the form carries it."""
    return canonical_json(question.model_dump(mode="json")).decode()
