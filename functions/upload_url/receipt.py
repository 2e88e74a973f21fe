"""What became of an attempt: the receipt by which a client knows that it may forget its own copy."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from functions.upload_url.admission import attempt_in
from greenroom.domain.assembly import AssembledTrack, Assembly
from greenroom.domain.errors import NotFound
from greenroom.domain.keys import AttemptRef
from greenroom.domain.model import Document, Seconds, Sha256
from greenroom.domain.template import TrackName
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.upload_url.settings import Settings
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.function import Function


class TrackReceipt(Document):
    """One track's recording; `lost_ms` milliseconds were recorded and are not in it."""

    status: Literal["complete", "gaps", "refused"]
    reason: str | None
    sha256: Sha256 | None
    size: Annotated[int, Field(ge=0)]
    duration_s: Seconds
    lost_ms: Annotated[int, Field(ge=0)]


class Receipt(Document):
    """The assembled attempt. `lost_ms` is the worst track's."""

    tracks: dict[TrackName, TrackReceipt]
    lost_ms: Annotated[int, Field(ge=0)]


class AttemptView(Document):
    """One attempt as its candidate sees it. `receipt` is None until it is assembled."""

    answer: str
    attempt: Annotated[int, Field(ge=1)]
    state: Literal["recording", "sealed", "assembled"]
    tracks: list[TrackName]
    started_at: datetime
    sealed_at: datetime | None
    manifest_sha256: Sha256 | None
    receipt: Receipt | None


def read_attempt(request: Request, app: Function[Settings]) -> Response:
    """``GET …/attempts/{attempt}``. Raises `NotFound` (`unknown_attempt`)."""
    ref = attempt_in(request)
    with app.database.begin() as tx:
        attempt = tx.interviews.attempt(ref)
    assembly = _assembly(ref, app.store) if attempt.state == "sealed" else None
    view = AttemptView(
        answer=ref.answer,
        attempt=ref.attempt,
        state="assembled" if assembly is not None else attempt.state,
        tracks=attempt.tracks,
        started_at=attempt.started_at,
        sealed_at=attempt.sealed_at,
        manifest_sha256=attempt.manifest_sha256,
        receipt=_receipt(assembly) if assembly is not None else None,
    )
    return Response.json(view, headers={"Cache-Control": "no-store"})


def _assembly(ref: AttemptRef, store: ObjectStore) -> Assembly | None:
    try:
        return Assembly.stored(store.get(ref.assembly))
    except NotFound:
        return None


def _receipt(assembly: Assembly) -> Receipt:
    return Receipt(
        tracks={track.track: _track(track) for track in assembly.tracks}, lost_ms=assembly.lost_ms
    )


def _track(track: AssembledTrack) -> TrackReceipt:
    return TrackReceipt(
        status=track.status,
        reason=track.reason,
        sha256=track.sha256,
        size=track.size,
        duration_s=track.duration_s,
        lost_ms=track.lost_ms,
    )
