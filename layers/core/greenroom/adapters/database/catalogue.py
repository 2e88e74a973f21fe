"""Templates, competency models and candidate filters, as HR's systems import them."""

from __future__ import annotations

import sqlalchemy as sa

from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import candidate_filters, competency_models, templates
from greenroom.domain.candidate_filter import CandidateFilter
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import NotFound
from greenroom.domain.template import Template


class Catalogue(Repository):
    def save_template(self, template: Template) -> None:
        """Keep it; one with the same id is replaced."""
        self._save(templates, template)

    def template(self, template_id: str) -> Template:
        """Raises `NotFound` (`unknown_template`)."""
        body = self._body(templates, template_id)
        if body is None:
            raise NotFound(f"no template {template_id}", code="unknown_template")
        return Template.parse(body)

    def templates(self) -> list[Template]:
        return [Template.parse(body) for body in self._bodies(templates)]

    def save_model(self, model: CompetencyModel) -> None:
        """Keep it; one with the same id is replaced."""
        self._save(competency_models, model)

    def model(self, model_id: str) -> CompetencyModel:
        """Raises `NotFound` (`unknown_competency_model`)."""
        body = self._body(competency_models, model_id)
        if body is None:
            raise NotFound(f"no competency model {model_id}", code="unknown_competency_model")
        return CompetencyModel.parse(body)

    def models(self) -> list[CompetencyModel]:
        return [CompetencyModel.parse(body) for body in self._bodies(competency_models)]

    def save_filter(self, wanted: CandidateFilter) -> None:
        """Keep it; one with the same id is replaced."""
        self._save(candidate_filters, wanted)

    def filter(self, filter_id: str) -> CandidateFilter:
        """Raises `NotFound` (`unknown_filter`)."""
        body = self._body(candidate_filters, filter_id)
        if body is None:
            raise NotFound(f"no filter {filter_id[:64]!r}", code="unknown_filter")
        return CandidateFilter.parse(body)

    def filters(self) -> list[CandidateFilter]:
        return [CandidateFilter.parse(body) for body in self._bodies(candidate_filters)]

    def _save(
        self, table: sa.Table, document: Template | CompetencyModel | CandidateFilter
    ) -> None:
        body = document.canonical().decode()
        self._upsert(table, [{"id": document.id, "body": body, "saved_at": self._clock()}], "id")

    def _body(self, table: sa.Table, document_id: str) -> str | None:
        return self._connection.scalar(sa.select(table.c.body).where(table.c.id == document_id))

    def _bodies(self, table: sa.Table) -> list[str]:
        return list(self._connection.scalars(sa.select(table.c.body).order_by(table.c.id)))
