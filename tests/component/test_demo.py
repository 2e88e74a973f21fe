"""The main job from outside: `greenroom demo` on a recording of its own, with the screen beside it, and on a fraud."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from greenroom_local.platform import PocketPlatform
from tests.media_fixtures import MediaWorkshop


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PocketPlatform]:
    with PocketPlatform(tmp_path_factory.mktemp("platform"), ports="free") as platform:
        yield platform


def demo(platform: PocketPlatform, folder: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, the JSON document, and what was said on standard error."""
    server = [
        "--server",
        platform.url,
        "--api-key",
        platform.api_key,
        "--mailbox",
        platform.mailbox_url,
    ]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "greenroom_cli",
            "demo",
            *words,
            "--json",
            *server,
            "--keep",
            str(folder),
        ],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.slow
def test_the_talking_picture_goes_the_whole_way(platform: PocketPlatform, tmp_path: Path) -> None:
    status, found, said = demo(platform, tmp_path)
    assert status == 0, said
    assert found["state"] == "scored"
    assert found["loss_ms"] == 0
    [answer] = found["answers"]
    kept = Path(answer["recording"]["path"])
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == answer["recording"]["sha256"]
    assert answer["recording"]["duration_s"] == pytest.approx(19.6, abs=0.5)
    assert answer["quality"]["verdict"].startswith("usable")
    status_of = {module["module"]: module["status"] for module in answer["analysis"]["modules"]}
    assert status_of == {"speech": "ok", "vision": "ok", "language": "not_measured"}
    presentation = next(c for c in found["scorecard"]["competencies"] if c["id"] == "presentation")
    assert presentation["status"] == "scored"
    assert all(
        evidence["ranges"]
        for indicator in presentation["indicators"]
        for evidence in indicator["evidence"]
    )
    types = [webhook["type"] for webhook in found["webhooks"]]
    assert types[0] == "interview.created"
    assert types[-1] == "interview.scored"
    assert all(webhook["verified"] for webhook in found["webhooks"])
    assert len({webhook["id"] for webhook in found["webhooks"]}) == len(types)


@pytest.mark.slow
def test_camera_and_screen_are_two_recordings(platform: PocketPlatform, tmp_path: Path) -> None:
    make = MediaWorkshop(tmp_path)
    camera, screen = make.mp4(5), make.screen(5)
    _, found, _ = demo(platform, tmp_path / "kept", str(camera), "--screen", str(screen))
    tracks = found["answers"][0]["tracks"]
    assert set(tracks) == {"camera", "screen"}
    assert tracks["camera"]["path"].endswith(".mp4")
    assert tracks["screen"]["path"].endswith(".webm")
    # 180 lines are below the floor: the platform says so, and the demo is no success.
    assert "height_px" in found["answers"][0]["quality"]["reasons"]


@pytest.mark.slow
def test_a_playlist_dressed_as_a_video_is_refused(platform: PocketPlatform, tmp_path: Path) -> None:
    fraud = tmp_path / "answer.webm"
    fraud.write_text("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
    status, found, said = demo(platform, tmp_path / "kept", str(fraud))
    assert status == 1
    assert found["state"] == "re_record"
    assert found["answers"][0]["recording"]["path"] is None
    assert "media_refused" in said
