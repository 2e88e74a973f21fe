"""What a batch's interviews are about: a snapshot, so that later edits change no running interview."""

from __future__ import annotations

from greenroom.domain.competency import CompetencyModel
from greenroom.domain.model import Document
from greenroom.domain.template import Template


class Plan(Document):
    """The template with the batch's own questions put in, and the competency model."""

    template: Template
    model: CompetencyModel
