"""Nothing leaves the company: a whole interview where no way leads out, and every name asked for is written down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.platform.no_way_out import MAIL, STORE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("GREENROOM_TEST_DEPLOY"), reason="for make test-platform"
    ),
    pytest.mark.skipif(
        os.getuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"),
        reason="a network namespace needs root, unshare and ip",
    ),
]


def test_only_the_configured_hosts_are_asked_for(tmp_path: Path) -> None:
    alone = ["unshare", "--net", "--mount", sys.executable, "-m", "tests.platform.no_way_out"]
    inside = subprocess.run(
        [*alone, str(tmp_path)],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=290,
        check=False,
    )
    assert inside.returncode == 0, inside.stderr
    found = json.loads(inside.stdout)
    assert (found["status"], found["state"]) == (0, "scored"), inside.stderr
    assert found["names"] == [MAIL, STORE]
    assert found["packets"] == 0
    assert found["canary_asked"], "the server of names writes nothing down"
    assert found["canary_packets"] > 0, "packets on their way out are not counted"
