"""What every answer of the console says to browsers and proxies, errors and redirects too."""

import pytest

from functions.console.app import app
from greenroom.adapters.database import Database
from tests.console_visitors import signed_in
from tests.function_client import FunctionClient
from tests.seeded import set_up


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/console", 303),
        ("/console/interviews", 200),
        ("/console/interviews/itv_none", 404),
        ("/console/monitoring/summary", 200),
        ("/console/static/none/none.js", 404),
        ("/v1/interviews", 401),
    ],
)
def test_nobody_keeps_what_the_console_says(
    platform: None, database: Database, path: str, status: int
) -> None:
    set_up(app)
    answer = FunctionClient(app, cookie=signed_in(database).cookie).get(path)
    assert answer.status == status
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.text and status != 200:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
