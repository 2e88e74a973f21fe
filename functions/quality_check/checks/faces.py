"""`no_face_share`, `several_faces_share`: who is in the picture. Faces are counted, not recognised."""

from __future__ import annotations

from functions.quality_check.measured import Measured
from greenroom.domain.quality import Finding

NOT_COUNTED = "faces were not counted: no consent to face analysis, no detector, or nothing to see"
ONE_OR_NONE = "this machine's detector cannot tell one face from several"


def no_face(measured: Measured) -> Finding:
    """Where the picture is black, covered or too blurred to show a face, that is the finding instead."""
    faces = measured.detected.faces
    return measured.finding(
        "no_face_share",
        None if faces is None else measured.share(faces.none),
        "share",
        measured.tiers.no_face_share,
        more_is_worse=True,
        ranges=() if faces is None else faces.none,
        confidence=0.0 if faces is None else faces.confidence,
        reason=NOT_COUNTED if faces is None else None,
    )


def several_faces(measured: Measured) -> Finding:
    faces = measured.detected.faces
    several = None if faces is None else faces.several
    reason = NOT_COUNTED if faces is None else ONE_OR_NONE
    return measured.finding(
        "several_faces_share",
        None if several is None else measured.share(several),
        "share",
        measured.tiers.several_faces_share,
        more_is_worse=True,
        ranges=several or (),
        confidence=0.0 if faces is None else faces.confidence,
        reason=reason if several is None else None,
    )
