"""A question that a language model wrote: text from outside, checked before anybody sees it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from greenroom.domain.model import Document, LocalizedText


def _leads_nowhere(text: str) -> str:
    if "://" in text or "www." in text:
        raise ValueError("a link in a question")
    return text


Line = Annotated[
    str,
    StringConstraints(min_length=8, max_length=300, pattern=r"^[^<>\x00-\x1f\x7f\u2028\u2029]+$"),
    AfterValidator(_leads_nowhere),
]
"""One line of text: no markup, no control character and no link comes from a model into a mail or a page."""


class WrittenQuestion(Document):
    """One question in both languages."""

    zh: Line
    en: Line

    @property
    def text(self) -> LocalizedText:
        return {"zh-CN": self.zh, "en": self.en}
