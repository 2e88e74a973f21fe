"""Texts that want to be more than text, put into every field that takes them; and what a page may not make of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any, TypeVar

from pydantic import ValidationError

from greenroom.adapters.database import Database, NewInterview, NewUser
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.access import Role
from greenroom.domain.analysis import Analysis, Utterance
from greenroom.domain.assembly import Assembly
from greenroom.domain.batch import BatchHead, CandidateRow, Resume, RowError
from greenroom.domain.candidate_filter import CandidateFilter
from greenroom.domain.decision import Decision
from greenroom.domain.evaluations import Evaluation, Rating
from greenroom.domain.events import EventType
from greenroom.domain.ids import derived_id, new_id
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Manifest
from greenroom.domain.mapping import Mapping, shipped_mapping
from greenroom.domain.model import Document
from greenroom.domain.override import NewOverride
from greenroom.domain.plan import Plan
from greenroom.domain.policy import Policy, shipped_policy
from greenroom.domain.quality import Quality
from greenroom.domain.question_bank import shipped_bank
from greenroom.domain.scorecard import Scorecard
from greenroom.domain.template import Template
from tests.recorded import record
from tests.seeded import BATCH, MODEL, TEMPLATE

D = TypeVar("D", bound=Document)
SHORT = "'\"><xss-{number} onerror=xss()>"
LONG = (
    SHORT
    + "</script></textarea></title></style><script>xss()</script><img src=x onerror=xss()>"
    + "{{{{7919*104729}}}}${{7919*104729}}"
)
MARK = re.compile(r"xss-(\d+)")


INVITED = derived_id("itv", "invited")
"""A second interview of the company, to which nothing has happened yet."""


class Texts:
    """Hands out hostile texts, and knows by its number where each was put."""

    def __init__(self) -> None:
        self.places: dict[int, str] = {}

    def text(self, place: str, *, short: bool = False) -> str:
        number = 1000 + len(self.places)
        self.places[number] = place
        return (SHORT if short else LONG).format(number=number)

    def in_document(self, document: D) -> D:
        """The document with such a text wherever its schema lets one through."""
        raw = document.model_dump(mode="json")
        for path in list(_texts(raw)):
            before = _at(raw, path)
            for short in (False, True):
                place = ".".join([type(document).__name__, *map(str, path)])
                _put(raw, path, self.text(place, short=short))
                try:
                    type(document).model_validate_json(json.dumps(raw))
                    break
                except ValidationError:
                    self.places.popitem()
                    _put(raw, path, before)
        return type(document).model_validate_json(json.dumps(raw))


def _texts(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Where strings are, ids left alone: other documents name things by them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("id", "external_id", "interview", "answer", "competency", "module"):
                yield from _texts(inner, *path, key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, *path, index)
    elif isinstance(value, str):
        yield path


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(value: Any, path: tuple[str | int, ...], text: str) -> None:
    _at(value, path[:-1])[path[-1]] = text


def hostile_company(database: Database, store: ObjectStore, texts: Texts) -> str:
    """A company in which everybody who can write has written such texts; its one recorded interview."""
    template = texts.in_document(TEMPLATE)
    model = texts.in_document(MODEL)
    policy = texts.in_document(shipped_policy("us-il").model_copy(update={"id": "ours"}))
    note = {"zh-CN": "n", "en": "n"}
    mapping = texts.in_document(
        shipped_mapping().model_copy(update={"version": "ours-1", "note": note})
    )
    candidate = texts.in_document(
        CandidateRow(
            external_id="c-1",
            name="n",
            email="c@example.com",
            locale="zh-CN",
            resume=Resume(education="本科", years_of_experience=3, keywords=["k"]),
        )
    )
    interview = derived_id("itv", "hostile")
    _invited(database, interview, candidate, template, model, policy, texts)
    record(interview, database, store)
    _stored(interview, store, texts)
    _by_people(database, interview, mapping, model, template, policy, texts)
    return interview


def _invited(
    database: Database,
    interview: str,
    candidate: CandidateRow,
    template: Template,
    model: Any,
    policy: Policy,
    texts: Texts,
) -> None:
    deadline = datetime.now(UTC) + timedelta(days=3)
    head = BatchHead(template=template.id, competency_model=model.id, deadline=deadline)
    errors = [
        RowError(
            row=2,
            code="invalid_row",
            field=texts.text("row.field"),
            message=texts.text("row.message"),
        )
    ]
    with database.begin() as tx:
        tx.catalogue.save_model(model)
        tx.catalogue.save_template(template)
        tx.catalogue.save_bank_question(texts.in_document(shipped_bank().questions[0]))
        tx.catalogue.save_filter(
            texts.in_document(CandidateFilter(id="f", name={"zh-CN": "n", "en": "n"}, skills=["k"]))
        )
        plan = Plan(template=template, model=model, policy=policy)
        tx.batches.create(BATCH, head=head, plan=plan, accepted=1, errors=errors)
        wanted = [
            NewInterview(id=one, candidate=candidate, deadline=deadline, locale="zh-CN")
            for one in (interview, INVITED)
        ]
        tx.interviews.create_many(BATCH, wanted)


def _stored(interview: str, store: ObjectStore, texts: Texts) -> None:
    """What the candidate's browser sent, and what stages and modules made of it."""
    ref = AttemptRef(interview, "coordination", 1)
    kinds: tuple[tuple[str, type[Document]], ...] = (
        (ref.manifest, Manifest),
        (ref.assembly, Assembly),
        (ref.quality, Quality),
        (keys.scorecard(interview), Scorecard),
    )
    for key, kind in kinds:
        store.put(key, texts.in_document(kind.parse(store.get(key))).canonical())
    analysis = Analysis.parse(store.get(ref.analysis))
    said = [Utterance(start_s=1, end_s=4, text="t", confidence=0.9)]
    heard = analysis.modules[0].model_copy(
        update={"module": "language", "transcript": said, "reason": "r"}
    )
    whole = analysis.model_copy(update={"modules": [*analysis.modules, heard]})
    store.put(ref.analysis, texts.in_document(whole).canonical())


def _by_people(
    database: Database,
    interview: str,
    mapping: Mapping,
    model: Any,
    template: Template,
    policy: Policy,
    texts: Texts,
) -> None:
    """Names of users as a provider tells them, notes, reasons, steps."""
    user = NewUser(
        id=new_id("usr"),
        name=texts.text("user.name", short=True),
        email="rater@example.com",
        role=Role.INTERVIEWER,
        issuer="https://id.example.com",
        subject="p",
    )
    evaluation = texts.in_document(
        Evaluation(
            ratings=[Rating(competency=one.id, points=7, note="n") for one in model.competencies],
            recommendation="advance",
            note="n",
        )
    )
    with database.begin() as tx:
        tx.catalogue.keep_mapping(mapping)
        tx.catalogue.keep_policy(policy)
        tx.users.add(user)
        tx.interviewers.assign(interview, [user.email])
        assert tx.evaluations.submit(interview, user.id, evaluation)
        tx.overrides.put(
            interview,
            model.competencies[0].id,
            NewOverride(score=50, reason=texts.text("override.reason")),
            user.id,
        )
        decision = Decision(outcome="advance", reason=texts.text("decision.reason"))
        tx.decisions.add(interview, decision, user.id)
        tx.legal_holds.place(interview, texts.text("hold.reason"), user.id)
        details = {
            "step": "camera",
            "outcome": texts.text("step.outcome"),
            "device": texts.text("step.device"),
            texts.text("step.key"): 1,
        }
        tx.process_log.append(interview, EventType.CANDIDATE_STEP, details)
        tx.process_log.append(
            interview, EventType.ANSWER_SEALED, {"answer": texts.text("log.answer")}
        )
        tx.api_keys.add(
            "abcdefabcdef", "0" * 64, ["interviews:read"], texts.text("key.name", short=True)
        )


class Harmless(HTMLParser):
    """Reads a page as a browser would begin to, and keeps what should not be in it."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        data = tag == "script" and ("type", "application/json") in attrs
        self._inside = tag if tag in ("script", "style") and not data else ""
        if tag.startswith("xss"):
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or "xss" in name:
                self.wrong.append(f"<{tag} {name}>")
            if name in ("href", "src", "action", "formaction", "poster") and re.match(
                r"\s*(javascript|vbscript|data:text)", value or "", re.IGNORECASE
            ):
                self.wrong.append(f'<{tag} {name}="{(value or "")[:60]}">')

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside and "xss" in data:
            self.wrong.append(f"<{self._inside}> holds {data[:60]!r}")


def found_in(page: str) -> list[str]:
    """What became more than text on a page; no template may have computed the product."""
    reader = Harmless()
    reader.feed(page)
    reader.close()
    return reader.wrong + (["7919*104729 was computed"] if str(7919 * 104729) in page else [])
