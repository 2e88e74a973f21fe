"""Which third-party distributions a layer needs, at the versions of the lock file, and what of each is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path("requirements/run.txt")
OURS = "greenroom-"
HOST_ONLY = {"starlette", "uvicorn"}
"""Serve functions outside a FaaS: they go into images and not into layers."""
ALONE = {"chalice"}
"""Needs nothing beside itself to run: its requirements are those of its command line."""
OVERRIDDEN = {"opencv-contrib-python", "jax", "jaxlib"}
"""Declared by mediapipe and not used by what we call (docs/decisions/0003)."""

LEFT_OUT = (
    r"(^|/)__pycache__/",
    r"\.(pyc|pyi|pyx|pxd|c|h)$",
    r"(^|/)bin/",
    r"\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json|uv_cache\.json)$",
    r"(^|/)tests?/",
    r"^sqlalchemy/testing/",
    # Clients for the other four hundred services; boto3 is used for the store alone.
    r"^botocore/data/(?!(s3|sts)/)[^/]+/",
    r"^boto3/(data|examples)/(?!s3/)[^/]+/",
    # Languages that no page and no mail is written in.
    r"^babel/locale-data/(?!(root|en|en_.*|zh|zh_.*)\.dat$)",
    # The command line that packages other people's projects: not imported at run time.
    r"^chalice/(?!(__init__|app)\.py$)",
)
_LEFT_OUT = re.compile("|".join(LEFT_OUT))


def kept(path: str) -> bool:
    """Whether a file of site-packages, by its path with slashes, is deployed."""
    return _LEFT_OUT.search(path) is None


def distributions(layer: str, *, host: bool) -> set[str]:
    """Names of the third-party distributions below a layer; with `host` also what serves it outside a FaaS.

    Read from the metadata of what is installed, which the lock file decided. Raises PackageNotFoundError.
    """
    found: set[str] = set()
    todo: list[tuple[str, str]] = [(f"{OURS}{layer}", "")]
    seen: set[tuple[str, str]] = set()
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        if not name.startswith(OURS):
            found.add(name)
        if name not in ALONE:
            todo += _required(name, extra, left_out=OVERRIDDEN | (set() if host else HOST_ONLY))
    return found


def _required(name: str, extra: str, *, left_out: set[str]) -> Iterable[tuple[str, str]]:
    for line in metadata.distribution(name).requires or []:
        wanted = Requirement(line)
        applies = wanted.marker is None or wanted.marker.evaluate({"extra": extra})
        if applies and canonicalize_name(wanted.name) not in left_out:
            for wanted_extra in ("", *wanted.extras):
                yield canonicalize_name(wanted.name), wanted_extra


def locked(names: set[str], lock: Path = LOCK) -> str:
    """The lock file's entries, with their hashes, for `names` alone. Raises KeyError for a name it lacks.

    A name may have several, each for other versions of Python.
    """
    entries: dict[str, list[str]] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", lock.read_text("utf-8")):
        named = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", entry)
        if named:
            entries.setdefault(canonicalize_name(named[1]), []).append(entry)
    return "\n".join(entry for name in sorted(names) for entry in entries[name]) + "\n"
