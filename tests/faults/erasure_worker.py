"""Takes one erasure as far as it goes: a process of its own, so that it can be killed."""

from __future__ import annotations

import sys

from functions.retention.app import app
from tests.function_client import FunctionClient

if __name__ == "__main__":
    sys.exit(len(FunctionClient(app).objects(sys.argv[1])))
