"""Which ffmpeg is used: the system's when it is new enough, else the wheel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom_media import binary


def put_ffmpeg(folder: Path, first_line: str, monkeypatch: pytest.MonkeyPatch) -> str:
    script = folder / "ffmpeg"
    script.write_text(f"#!/bin/sh\necho '{first_line}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return str(script)


@pytest.mark.parametrize(
    ("first_line", "version"),
    [
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright (c)", "5.1.9-0+deb12u1"),
        ("ffmpeg version n7.1 Copyright (c)", "n7.1"),
        ("ffmpeg version N-119000-gabcdef Copyright (c)", "N-119000-gabcdef"),
        ("ffmpeg version 10.0 Copyright (c)", "10.0"),
    ],
)
def test_the_systems_is_preferred(
    first_line: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_ffmpeg(tmp_path, first_line, monkeypatch)
    assert binary.find() == binary.Binary(path, version)
    assert binary.find().build == f"ffmpeg {version}"


@pytest.mark.parametrize(
    "first_line", ["ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright (c)", "avconv version 12", ""]
)
def test_an_old_or_foreign_one_gives_way_to_the_wheels(
    first_line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_ffmpeg(tmp_path, first_line, monkeypatch)
    found = binary.find()
    assert found.path != path
    assert "imageio_ffmpeg" in found.path


def test_without_one_on_the_system_the_wheels_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "imageio_ffmpeg" in binary.find().path


def test_each_supported_kind_is_found(each_ffmpeg: binary.Binary) -> None:
    assert each_ffmpeg.version
