"""`greenroom dead-letters` on a folder that a platform has left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from greenroom_cli.main import app
from greenroom_local.queue import Queue


def command(*words: str) -> Result:
    return CliRunner().invoke(app, ["dead-letters", *words], env={"COLUMNS": "200"})


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    """Two dead letters in two queues."""
    queue = Queue(tmp_path / "store", max_receives=1)
    for name in ("analysis", "invitation"):
        queue.send(name, f"body of {name}")
        [message] = queue.receive(name, "w", 30)
        queue.release(message.receipt, error=f"why {name} failed")
    return queue


def test_they_are_listed_with_their_last_error(queue: Queue, tmp_path: Path) -> None:
    found = command("--data", str(tmp_path))
    assert found.exit_code == 0
    for words in ("why analysis failed", "body of invitation"):
        assert words in found.output
    assert queue.depth("analysis").dead == 1


def test_redrive_puts_back_those_of_one_queue_or_all(queue: Queue, tmp_path: Path) -> None:
    only = command("--data", str(tmp_path), "--redrive", "--queue", "analysis")
    assert "1 put back" in only.output
    assert (queue.depth("analysis").visible, queue.depth("analysis").dead) == (1, 0)
    assert queue.depth("invitation").dead == 1
    assert "1 put back" in command("--data", str(tmp_path), "--redrive").output
    assert "No dead letters" in command("--data", str(tmp_path)).output


def test_a_folder_without_a_platform_is_told(tmp_path: Path) -> None:
    found = command("--data", str(tmp_path / "none"))
    assert found.exit_code == 1
    assert "No platform has run" in found.output
