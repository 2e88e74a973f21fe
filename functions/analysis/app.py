"""analysis: checked answers are analysed; a submitted interview with every answer in is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.analysis.settings import Settings
    from greenroom.runtime.function import ObjectCreated, Scheduled

app: Function[Settings] = Function("analysis", "functions.analysis.settings:Settings")


@app.on_object("reports/", suffix="/quality.json")
def answer_checked(event: ObjectCreated) -> None:
    from functions.analysis.analyse import analyse_checked

    analyse_checked(event.key, app)


@app.on_object("uploads/", suffix="/submission.json")
def interview_submitted(event: ObjectCreated) -> None:
    from functions.analysis.score import score_submitted

    score_submitted(event.key, app)


@app.on_object("uploads/", suffix="/withdrawal.json")
def consent_withdrawn(event: ObjectCreated) -> None:
    from functions.analysis.withdrawal import forget_withdrawn

    forget_withdrawn(event.key, app)


@app.on_schedule("sweep", minutes=1)
def sweep(event: Scheduled) -> None:
    from functions.analysis.sweep import sweep

    sweep(app)
