"""The kinds of observations that the product's own modules bring: what a mapping may name."""

from __future__ import annotations

from greenroom.domain.errors import Invalid
from greenroom.domain.mapping import Mapping

KINDS: dict[str, frozenset[str]] = {
    "speech": frozenset(
        {
            "speech",
            "pause",
            "speech_share",
            "long_pauses_per_min",
            "mean_pause",
            "speaking_rate",
            "articulation_rate",
            "pitch_variation",
            "energy_variation",
        }
    ),
    "vision": frozenset(
        {
            "face",
            "no_face",
            "several_faces",
            "face_presence",
            "gaze",
            "gaze_away",
            "gaze_share",
            "head_movement",
            "nod",
            "nod_rate",
            "smile",
            "smile_share",
            "frown",
            "frown_rate",
        }
    ),
    "language": frozenset(
        {
            "situation",
            "action",
            "result",
            "structure",
            "structure_share",
            "connective",
            "connectives_per_min",
            "keyword",
            "keyword_share",
            "question_word",
            "question_share",
            "empathic_wording",
            "empathic_wording_share",
            "language_zh",
            "language_yue",
            "language_en",
            "language_ja",
            "language_ko",
            "language_other",
            "required_language_share",
        }
    ),
    "screen": frozenset(
        {
            "still",
            "typing",
            "scrolling",
            "switching",
            "moving",
            "switches_per_min",
            "screen_activity",
            "screen_activity_share",
            "still_share",
        }
    ),
}
"""By module. The modules are not asked: HR writes mappings where none is installed. A test compares."""


def check_kinds(mapping: Mapping) -> None:
    """Raise `Invalid` (`unknown_kind`, with `unknown`) where a mapping names what one of these modules never brings.

    A module that is not the product's own may bring kinds of its own.
    """
    unknown = [
        f"indicators.{indicator}: {contribution.module} brings no {kind}"
        for indicator, contributions in mapping.indicators.items()
        for contribution in contributions
        for kind in (contribution.kind, contribution.evidence)
        if contribution.module in KINDS and kind not in KINDS[contribution.module]
    ]
    if unknown:
        raise Invalid("; ".join(unknown[:10]), code="unknown_kind", unknown=unknown)
