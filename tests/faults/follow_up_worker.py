"""Asks the portal once for a follow-up and prints its answer: a process of its own, so that it can be killed."""

from __future__ import annotations

import sys

from functions.portal.app import app
from tests.function_client import FunctionClient

if __name__ == "__main__":
    answer, token = sys.argv[1:]
    client = FunctionClient(app, authorization=f"Bearer {token}")
    sys.stdout.write(client.post(f"/v1/candidate/follow-ups/{answer}", {"attempt": 1}).text)
