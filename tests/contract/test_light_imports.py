"""Light functions start fast: their app.py brings in nothing heavy, and reads no environment."""

import json
import subprocess
import sys

import pytest

HEAVY = [
    "numpy",
    "cv2",
    "boto3",
    "botocore",
    "sqlalchemy",
    "pydantic",
    "jinja2",
    "httpx",
    "babel",
    "prometheus_client",
]
FUNCTIONS = [
    "invitation",
    "upload_url",
    "chunk_assembly",
    "quality_check",
    "analysis",
    "status_sync",
    "portal",
    "retention",
    "console",
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_importing_a_function_brings_in_nothing_heavy(name: str) -> None:
    program = (
        "import sys, json, os; before = dict(os.environ);"
        f"import functions.{name}.app;"
        f"print(json.dumps([[m for m in {HEAVY!r} if m in sys.modules], before == dict(os.environ)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={}
    )
    heavy, untouched = json.loads(done.stdout)
    assert heavy == []
    assert untouched
