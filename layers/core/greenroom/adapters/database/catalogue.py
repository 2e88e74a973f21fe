"""Templates, models, the question bank, candidate filters, mappings and policies, as HR and its systems bring them."""

from __future__ import annotations

from functools import cached_property

import sqlalchemy as sa

from greenroom.adapters.database.catalogue_versions import CatalogueVersions, VersionedKind
from greenroom.adapters.database.rule_tables import bank_questions, mappings, policies
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import (
    candidate_filters,
    competency_models,
    templates,
)
from greenroom.domain.candidate_filter import CandidateFilter
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import Conflict, NotFound
from greenroom.domain.mapping import SHIPPED as SHIPPED_MAPPINGS
from greenroom.domain.mapping import Mapping, shipped_mapping
from greenroom.domain.policy import SHIPPED as SHIPPED_POLICIES
from greenroom.domain.policy import Policy, shipped_policy
from greenroom.domain.question_bank import BankQuestion, QuestionBank, shipped_bank, with_own
from greenroom.domain.template import Template


class Catalogue(Repository):
    @cached_property
    def versions(self) -> CatalogueVersions:
        return CatalogueVersions(self._connection, self._clock)

    def save_template(self, template: Template, by: str = "") -> None:
        """Keep it; one with the same id is replaced, and stays among the versions.

        `by`: the id of the user or API key that saves it.
        """
        self._save(templates, template, "template", by)

    def template(self, template_id: str, *, held: bool = False) -> Template:
        """Raises `NotFound` (`unknown_template`). Nobody else changes one that is `held` until the commit."""
        body = self._body(templates, template_id, held=held)
        if body is None:
            raise NotFound(f"no template {template_id}", code="unknown_template")
        return Template.stored(body)

    def templates(self) -> list[Template]:
        return [Template.stored(body) for body in self._bodies(templates)]

    def save_model(self, model: CompetencyModel, by: str = "") -> None:
        """As `save_template`."""
        self._save(competency_models, model, "competency_model", by)

    def model(self, model_id: str, *, held: bool = False) -> CompetencyModel:
        """Raises `NotFound` (`unknown_competency_model`). As `template`."""
        body = self._body(competency_models, model_id, held=held)
        if body is None:
            raise NotFound(f"no competency model {model_id}", code="unknown_competency_model")
        return CompetencyModel.stored(body)

    def models(self) -> list[CompetencyModel]:
        return [CompetencyModel.stored(body) for body in self._bodies(competency_models)]

    def save_bank_question(self, question: BankQuestion, by: str = "") -> None:
        """As `save_template`: a question of the company's own, or a shipped one as the company words it."""
        self._save(bank_questions, question, "bank_question", by)

    def bank(self) -> QuestionBank:
        """The shipped questions with the company's own, the retired ones too."""
        return with_own(
            shipped_bank(), [BankQuestion.stored(body) for body in self._bodies(bank_questions)]
        )

    def save_filter(self, wanted: CandidateFilter) -> None:
        """Keep it; one with the same id is replaced."""
        self._put(candidate_filters, wanted)

    def filter(self, filter_id: str) -> CandidateFilter:
        """Raises `NotFound` (`unknown_filter`)."""
        body = self._body(candidate_filters, filter_id)
        if body is None:
            raise NotFound(f"no filter {filter_id[:64]!r}", code="unknown_filter")
        return CandidateFilter.stored(body)

    def filters(self) -> list[CandidateFilter]:
        return [CandidateFilter.stored(body) for body in self._bodies(candidate_filters)]

    def keep_mapping(self, mapping: Mapping) -> None:
        """Keep a new version; the same again changes nothing.

        Raises `Conflict` (`mapping_exists`) when the version is there and says something else.
        """
        if mapping.version in SHIPPED_MAPPINGS:
            kept: str | None = shipped_mapping(mapping.version).canonical().decode()
        else:
            statement = sa.select(mappings.c.body).where(mappings.c.version == mapping.version)
            kept = self._connection.scalar(statement)
        body = mapping.canonical().decode()
        if kept is None:
            row = {"version": mapping.version, "body": body, "saved_at": self._clock()}
            self._connection.execute(sa.insert(mappings).values(row))
        elif kept != body:
            raise Conflict(
                f"mapping {mapping.version} is there and differs: a version never changes",
                code="mapping_exists",
            )

    def mapping(self, version: str) -> Mapping:
        """A shipped one or the company's. Raises `NotFound` (`unknown_mapping`)."""
        if version in SHIPPED_MAPPINGS:
            return shipped_mapping(version)
        body = self._connection.scalar(
            sa.select(mappings.c.body).where(mappings.c.version == version)
        )
        if body is None:
            raise NotFound(f"no mapping {version[:64]!r}", code="unknown_mapping")
        return Mapping.stored(body)

    def mappings(self) -> list[Mapping]:
        """The shipped ones, then the company's, the oldest first."""
        own = sa.select(mappings.c.body).order_by(mappings.c.saved_at, mappings.c.version)
        kept = [Mapping.stored(body) for body in self._connection.scalars(own)]
        return [*map(shipped_mapping, SHIPPED_MAPPINGS), *kept]

    def keep_policy(self, policy: Policy) -> None:
        """Keep a new version of a company's own policy; the same again changes nothing.

        Raises `Conflict`: `policy_shipped` for an id that comes with the product, `policy_exists` when the version
        is there and says something else, `policy_version_not_newer`.
        """
        if policy.id in SHIPPED_POLICIES:
            raise Conflict(
                f"{policy.id} comes with the product; take an id of your own", code="policy_shipped"
            )
        kept = self._own_policy(policy.id)
        if kept is None or kept.version < policy.version:
            row = {
                "id": policy.id,
                "version": policy.version,
                "body": policy.canonical().decode(),
                "saved_at": self._clock(),
            }
            self._connection.execute(sa.insert(policies).values(row))
        elif kept.version > policy.version:
            raise Conflict(
                f"version {kept.version} of {policy.id} is there", code="policy_version_not_newer"
            )
        elif kept != policy:
            raise Conflict(
                f"version {kept.version} of {policy.id} is there and differs", code="policy_exists"
            )

    def policy(self, policy_id: str) -> Policy:
        """The newest version. Raises `NotFound` (`unknown_policy`)."""
        if policy_id in SHIPPED_POLICIES:
            return shipped_policy(policy_id)
        found = self._own_policy(policy_id)
        if found is None:
            raise NotFound(f"no policy {policy_id[:64]!r}", code="unknown_policy")
        return found

    def policies(self) -> list[Policy]:
        """The shipped ones, then the newest version of each of the company's own, by id."""
        ids = sa.select(policies.c.id).distinct().order_by(policies.c.id)
        names = [*SHIPPED_POLICIES, *self._connection.scalars(ids)]
        return [self.policy(name) for name in names]

    def _own_policy(self, policy_id: str) -> Policy | None:
        statement = (
            sa.select(policies.c.body)
            .where(policies.c.id == policy_id)
            .order_by(policies.c.version.desc())
            .limit(1)
        )
        body = self._connection.scalar(statement)
        return None if body is None else Policy.stored(body)

    def _save(
        self,
        table: sa.Table,
        document: Template | CompetencyModel | BankQuestion,
        kind: VersionedKind,
        by: str,
    ) -> None:
        self._put(table, document)  # first: whoever saves the same waits here
        self.versions.note(kind, document.id, document.canonical().decode(), by)

    def _put(
        self, table: sa.Table, document: Template | CompetencyModel | BankQuestion | CandidateFilter
    ) -> None:
        body = document.canonical().decode()
        self._upsert(table, [{"id": document.id, "body": body, "saved_at": self._clock()}], "id")

    def _body(self, table: sa.Table, document_id: str, *, held: bool = False) -> str | None:
        statement = sa.select(table.c.body).where(table.c.id == document_id)
        found: str | None = self._connection.scalar(self._held(statement) if held else statement)
        return found

    def _bodies(self, table: sa.Table) -> list[str]:
        return list(self._connection.scalars(sa.select(table.c.body).order_by(table.c.id)))
