"""Zips with the same bytes for the same files: sorted names, one date, two modes, one compression."""

from __future__ import annotations

import zipfile
from pathlib import Path

DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can tell."""


def write_zip(archive: Path, folder: Path) -> int:
    """Zip all files below `folder`; the archive's size in bytes."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for path in files(folder):
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix: the mode below counts
            info.external_attr = (0o100755 if _runs(path) else 0o100644) << 16
            zipped.writestr(info, path.read_bytes())
    return archive.stat().st_size


def files(folder: Path) -> list[Path]:
    """All files below `folder`, in an order that no file system changes."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _runs(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o100)
