"""Object keys: the one place that knows where things lie in the store.

    batches/{batch}.json                                          an accepted batch
    slices/{batch}/{n}.json                                       some of its rows
    uploads/{interview}/{answer}/{attempt}/{track}/{segment}/{part}   one part of a recording
    uploads/{interview}/{answer}/{attempt}/manifest.json          what the candidate's client sealed
    uploads/{interview}/submission.json                           the candidate is done
    uploads/{interview}/withdrawal.json                           the candidate took a consent back
    recordings/{interview}/{answer}/{attempt}/{track}.{ext}       the assembled recording
    recordings/{interview}/{answer}/{attempt}/assembly.json       how it was assembled
    reports/{interview}/{answer}/{attempt}/quality.json, analysis.json
    reports/{interview}/scorecard.json
    probes/{interview}/uplink                                     what an uplink was measured with; soon gone
    events/{interview}/{n}.json                                   one step of the process log
    identity/{interview}/{picture}                                a picture of a card or a person, encrypted
    erasures/{erasure}.json                                       somebody is to be erased

The attempt is part of every key, so a late event about an old attempt never touches a newer one.
Keys from outside are parsed here and refused when they are not exactly of this shape.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from greenroom.domain.errors import Invalid
from greenroom.domain.ids import ID_PATTERN

TRACK = r"camera|screen"
_ANSWER = r"[a-z][a-z0-9_-]{0,63}"
_ATTEMPT = re.compile(
    rf"^(?:uploads|recordings|reports)/(?P<interview>{ID_PATTERN})/(?P<answer>{_ANSWER})/(?P<attempt>[0-9]{{1,3}})/"
)
_PART = re.compile(
    rf"^uploads/{ID_PATTERN}/{_ANSWER}/[0-9]{{1,3}}/(?:{TRACK})/[0-9]{{4}}/[0-9]{{6}}$"
)
_INTERVIEW = re.compile(rf"^(?:uploads|reports|events)/(?P<interview>{ID_PATTERN})/")
_BATCH = re.compile(rf"^(?:batches|slices)/(?P<batch>{ID_PATTERN})[./]")
_ERASURE = re.compile(rf"^erasures/(?P<erasure>{ID_PATTERN})\.json$")
_NUMBERED = re.compile(r"/(?P<number>[0-9]{1,9})\.json$")


@dataclass(frozen=True)
class AttemptRef:
    """One attempt at one answer of one interview; builds every key that belongs to it."""

    interview: str
    answer: str
    attempt: int

    @classmethod
    def of(cls, key: str) -> AttemptRef:
        """The attempt that `key` lies under. Raises `Invalid` (`invalid_key`)."""
        match = _ATTEMPT.match(key)
        if match is None:
            raise invalid_key(key)
        return cls(match["interview"], match["answer"], int(match["attempt"]))

    @property
    def _path(self) -> str:
        return f"{self.interview}/{self.answer}/{self.attempt}"

    @property
    def manifest(self) -> str:
        return f"uploads/{self._path}/manifest.json"

    def track_prefix(self, track: str) -> str:
        """The prefix that the POST policy of one track allows; ends with `/`."""
        return f"uploads/{self._path}/{track}/"

    def part(self, track: str, segment: int, part: int) -> str:
        return f"{self.track_prefix(track)}{segment:04d}/{part:06d}"

    def recording(self, track: str, extension: str) -> str:
        return f"recordings/{self._path}/{track}.{extension}"

    @property
    def assembly(self) -> str:
        return f"recordings/{self._path}/assembly.json"

    @property
    def quality(self) -> str:
        return f"reports/{self._path}/quality.json"

    @property
    def analysis(self) -> str:
        return f"reports/{self._path}/analysis.json"


def is_part(key: str) -> bool:
    """Whether `key` is exactly of the shape of an uploaded part."""
    return _PART.match(key) is not None


OF_INTERVIEWS = ("uploads", "recordings", "reports", "identity", "probes", "events")
"""The prefixes below which each interview has a folder of its own: whoever erases it empties them all."""


def folders(interview: str) -> list[str]:
    """The prefixes of everything that is kept of an interview; each ends with `/`."""
    return [f"{prefix}/{interview}/" for prefix in OF_INTERVIEWS]


def erasure(erasure_id: str) -> str:
    return f"erasures/{erasure_id}.json"


def erasure_of(key: str) -> str:
    """The erasure that ``erasures/{erasure}.json`` announces. Raises `Invalid` (`invalid_key`)."""
    return _one(_ERASURE, key, "erasure")


def slices(batch_id: str) -> str:
    """The prefix of a batch's slices; ends with `/`."""
    return f"slices/{batch_id}/"


def batch(batch_id: str) -> str:
    return f"batches/{batch_id}.json"


def batch_slice(batch_id: str, number: int) -> str:
    return f"slices/{batch_id}/{number:04d}.json"


def submission(interview: str) -> str:
    return f"uploads/{interview}/submission.json"


def withdrawal(interview: str) -> str:
    return f"uploads/{interview}/withdrawal.json"


def identity(interview: str, picture: str) -> str:
    return f"identity/{interview}/{picture}"


def reports(interview: str) -> str:
    """The prefix of everything that was reported about an interview; ends with `/`."""
    return f"reports/{interview}/"


PROBES = "probes/"


def probes(interview: str) -> str:
    """Where a candidate's page measures its uplink; ends with `/`."""
    return f"{PROBES}{interview}/"


def scorecard(interview: str) -> str:
    return f"reports/{interview}/scorecard.json"


def event(interview: str, number: int) -> str:
    return f"events/{interview}/{number:06d}.json"


KNOCKS = "events/knock/"


def knock(name: str) -> str:
    """Nobody's event: it is there to see whether it is heard. Who hears it removes it."""
    return f"{KNOCKS}{name}.json"


def interview_of(key: str) -> str:
    """The interview that an `uploads/`, `reports/` or `events/` key belongs to."""
    return _one(_INTERVIEW, key, "interview")


def batch_of(key: str) -> str:
    return _one(_BATCH, key, "batch")


def number_of(key: str) -> int:
    """The number in ``…/{n}.json``."""
    return int(_one(_NUMBERED, key, "number"))


def invalid_key(key: str) -> Invalid:
    return Invalid(f"not a key of ours: {key[:200]!r}", code="invalid_key")


def _one(pattern: re.Pattern[str], key: str, group: str) -> str:
    match = pattern.search(key)
    if match is None:
        raise invalid_key(key)
    return match[group]
