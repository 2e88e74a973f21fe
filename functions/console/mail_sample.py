"""The made-up interview that mails are previewed with, on a made-up plan or on a batch's own."""

from __future__ import annotations

from datetime import datetime, timedelta

from greenroom.adapters.database import InterviewRow
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.interview import InterviewState
from greenroom.domain.model import Locale
from greenroom.domain.plan import Plan
from greenroom.domain.template import Question, Template

NAMES: dict[Locale, str] = {"zh-CN": "李明", "en": "Alex Chen"}
INDICATOR = {"id": "clarity", "name": {"zh-CN": "表达清晰", "en": "Clarity"}, "weight": 100}
MODEL = CompetencyModel.model_validate(
    {
        "id": "sample",
        "job": {"zh-CN": "零售店长", "en": "Store manager"},
        "competencies": [
            {
                "id": "communication",
                "name": {"zh-CN": "沟通能力", "en": "Communication"},
                "weight": 100,
                "indicators": [INDICATOR],
            }
        ],
    }
)
QUESTIONS = [
    Question(
        id="introduction",
        text={"zh-CN": "请用一分钟介绍自己。", "en": "Introduce yourself in one minute."},
        hint={"zh-CN": "请面向摄像头。", "en": "Look into the camera."},
        think_s=30,
        max_s=60,
        takes=2,
    ),
    Question(
        id="figures",
        text={
            "zh-CN": "请共享屏幕，讲解一份销售报表。",
            "en": "Share your screen and explain a sales report.",
        },
        think_s=60,
        max_s=180,
        tracks=["camera", "screen"],
    ),
]
PLAN = Plan(
    template=Template(
        id="sample",
        scenario="screening",
        name={"zh-CN": "示例", "en": "Sample"},
        questions=QUESTIONS,
    ),
    model=MODEL,
)


def sample_interview(plan: Plan | None, locale: Locale, now: datetime) -> InterviewRow:
    """Nobody's interview, due in three days; on `PLAN` where no other plan is given."""
    return InterviewRow(
        id="itv_sample",
        batch_id="bat_sample",
        candidate_external_id="sample",
        candidate_name=NAMES[locale],
        candidate_email="candidate@example.com",
        locale=locale,
        state=InterviewState.CREATED,
        deadline=now + timedelta(days=3),
        created_at=now,
        submitted_at=None,
        total_score=None,
        plan=plan or PLAN,
        flags=[],
        token_version=1,
    )
