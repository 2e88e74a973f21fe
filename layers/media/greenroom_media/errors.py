"""What can go wrong with a recording, as errors with stable codes.

A refusal or a limit is permanent: the same bytes will meet it again. A timeout, a crash or a full
disk is not: the same work may succeed later or elsewhere.
"""

from __future__ import annotations

from enum import StrEnum

from greenroom.domain.errors import GreenroomError


class Refusal(StrEnum):
    """Why bytes are not a recording that we accept: the codes of `MediaRefused`."""

    EMPTY = "media_empty"
    CONTAINER = "media_container"
    UNREADABLE = "media_unreadable"
    NO_PACKETS = "media_no_packets"
    NO_VIDEO = "media_no_video"
    CODEC = "media_codec"
    PICTURE_TOO_LARGE = "media_picture_too_large"
    TIMESTAMPS = "media_timestamps"
    TOO_LONG = "media_too_long"
    TOO_MANY_PACKETS = "media_too_many_packets"
    NOT_JOINABLE = "media_not_joinable"


class MediaRefused(GreenroomError):
    """The bytes are not a recording that we accept; `code` is one of `Refusal`."""

    status = 422
    permanent = True

    def __init__(self, reason: Refusal, detail: str, **fields: object) -> None:
        super().__init__(detail, code=reason.value, **fields)
        self.reason = reason


class MediaLimit(GreenroomError):
    """ffmpeg needed more than its limit; `fields["limit"]` is `cpu`, `memory` or `output`."""

    code = "media_limit"
    status = 422
    permanent = True


class MediaTimeout(GreenroomError):
    """ffmpeg ran longer than its wall time and was killed. A busy machine may be the cause."""

    code = "media_timeout"
    status = 504


class MediaFailed(GreenroomError):
    """ffmpeg was killed by a signal that is not ours, or ended in a way we do not know."""

    code = "media_failed"
    status = 500


class DiskFull(GreenroomError):
    """There is no room left for what ffmpeg writes."""

    code = "disk_full"
    status = 507


class FfmpegMissing(GreenroomError):
    """Neither the system nor the wheel has an ffmpeg that we can use."""

    code = "ffmpeg_missing"
    status = 500
    permanent = True
