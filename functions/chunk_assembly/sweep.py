"""Takes up answers that were sealed and not assembled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.chunk_assembly.assemble import assemble
from greenroom.domain.interview import AnswerState
from greenroom.runtime.sweeping import sweep_answers

if TYPE_CHECKING:
    from functions.chunk_assembly.settings import Settings
    from greenroom.runtime.function import Function


def assemble_stale(app: Function[Settings]) -> None:
    """Assemble the answers that wait longest, as many as the sweep's time allows."""
    sweep_answers(app, AnswerState.SEALED, lambda ref: assemble(ref, app), app.settings.assembly)
