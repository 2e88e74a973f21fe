"""Libraries that the pages carry are the published files, byte for byte."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDORED = {
    "functions/portal/static/idb.js": "node_modules/idb/build/index.js",
    "functions/portal/static/idb.LICENSE.txt": "node_modules/idb/LICENSE",
}


@pytest.mark.parametrize(("ours", "published"), VENDORED.items())
def test_a_vendored_script_is_the_published_one(ours: str, published: str) -> None:
    assert (ROOT / ours).read_bytes() == (ROOT / published).read_bytes()
