"""A company with one batch, for tests: a store, a database, functions set up over them, interviews in any state."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from greenroom.adapters.database import Database, NewInterview
from greenroom.clock import Clock
from greenroom.domain.batch import BatchHead, CandidateRow
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.ids import derived_id
from greenroom.domain.model import Locale
from greenroom.domain.plan import Plan
from greenroom.domain.policy import Policy, shipped_policy
from greenroom.domain.template import Template
from greenroom.runtime.function import Function
from greenroom.runtime.settings import DatabaseSettings
from greenroom.runtime.tokens import issue_candidate_token, new_api_key

TOKEN_KEY = "a-key-for-tests-of-at-least-32-characters"
IDENTITY_KEY = base64.b64encode(bytes(range(32))).decode()
DATABASE_KEY = base64.b64encode(bytes(range(64, 96))).decode()
ERASURE_KEY = base64.b64encode(bytes(range(32, 64))).decode()
BATCH = derived_id("bat", "test")

MODEL = CompetencyModel.model_validate(
    {
        "id": "store-manager",
        "job": {"zh-CN": "零售店长", "en": "Store manager"},
        "competencies": [
            {
                "id": "communication",
                "name": {"zh-CN": "沟通能力", "en": "Communication"},
                "weight": 60,
                "indicators": [
                    {
                        "id": "speech_fluency",
                        "name": {"zh-CN": "语言流畅度", "en": "Fluency"},
                        "weight": 100,
                    }
                ],
            },
            {
                "id": "service",
                "name": {"zh-CN": "客户服务", "en": "Customer service"},
                "weight": 40,
                "indicators": [
                    {"id": "empathy", "name": {"zh-CN": "同理心", "en": "Empathy"}, "weight": 100}
                ],
            },
        ],
    }
)
TEMPLATE = Template.model_validate(
    {
        "id": "screening",
        "scenario": "screening",
        "name": {"zh-CN": "初筛", "en": "Screening"},
        "questions": [
            {
                "id": "coordination",
                "text": {
                    "zh-CN": "请讲述一次跨部门项目协调经历。",
                    "en": "Tell us about a project that you coordinated across departments.",
                },
                "hint": {"zh-CN": "请面向摄像头，保持表情自然。", "en": "Face the camera."},
                "think_s": 30,
                "min_s": 60,
                "max_s": 180,
                "takes": 2,
            },
            {
                "id": "sheet",
                "text": {
                    "zh-CN": "请共享屏幕，讲解一份销售分析表。",
                    "en": "Share your screen and explain a sales sheet.",
                },
                "tracks": ["camera", "screen"],
                "max_s": 300,
            },
        ],
    }
)


class SettableClock:
    """A clock that stands where it is put, beginning now."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, wait: timedelta) -> None:
        self.now += wait


def set_up(function: Function, clock: Clock | None = None) -> None:
    """Make a function read its settings again, as a new process would."""
    for name, part in vars(Function).items():
        if isinstance(part, functools.cached_property):
            vars(function).pop(name, None)
    if clock is not None:
        function.clock = clock


def opened(url: str) -> Database:
    """The database as functions in `environment` open it: what is known of people rests sealed."""
    return DatabaseSettings(url=SecretStr(url), keys=[SecretStr(DATABASE_KEY)]).opened()


def environment(database_url: str) -> dict[str, str]:
    """What functions need beside the store."""
    return {
        "GREENROOM_DATABASE__URL": database_url,
        "GREENROOM_DATABASE__KEYS": json.dumps([DATABASE_KEY]),
        "GREENROOM_TOKENS__KEY": TOKEN_KEY,
        "GREENROOM_IDENTITY__KEY": IDENTITY_KEY,
        "GREENROOM_ERASURE__KEY": ERASURE_KEY,
        "GREENROOM_LINKS__PUBLIC_URL": "http://127.0.0.1:8080",
    }


def invite(
    database: Database,
    names: Iterable[str] = ("李明",),
    *,
    deadline: datetime | None = None,
    template: Template = TEMPLATE,
    locale: Locale = "zh-CN",
    policy: Policy | None = None,
) -> list[str]:
    """A batch (the first time) with one interview per name; the interviews' ids."""
    deadline = deadline or datetime.now(UTC) + timedelta(days=3)
    rows = [
        CandidateRow(external_id=f"c-{name}", name=name, email=f"c{number}@example.com")
        for number, name in enumerate(names)
    ]
    head = BatchHead(template=template.id, competency_model=MODEL.id, deadline=deadline)
    wanted = [
        NewInterview(
            id=derived_id("itv", row.external_id), candidate=row, deadline=deadline, locale=locale
        )
        for row in rows
    ]
    with database.begin() as tx:
        tx.batches.create(
            BATCH,
            head=head,
            plan=Plan(template=template, model=MODEL, policy=policy or shipped_policy("cn")),
            accepted=len(rows),
            errors=[],
        )
        tx.interviews.create_many(BATCH, wanted)
    return [interview.id for interview in wanted]


def candidate_token(interview: str, *, version: int = 1, days: float = 3) -> str:
    expires = datetime.now(UTC) + timedelta(days=days)
    return issue_candidate_token(TOKEN_KEY, interview, version, expires)


def api_key(database: Database, *scopes: str) -> str:
    key_id, plain, digest = new_api_key()
    with database.begin() as tx:
        tx.api_keys.add(key_id, digest, list(scopes), "test")
    return plain
