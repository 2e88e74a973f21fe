"""Why something was not measured: every code that our layers bring is a known one, which has its texts."""

import ast
from collections.abc import Iterator
from pathlib import Path

from greenroom.domain.analysis import LACKS

CORE = Path("layers/core/greenroom")
BRINGING = sorted(
    {
        *(path for path in Path("layers").glob("*/*/**/*.py") if not path.is_relative_to(CORE)),
        CORE / "runtime/analysis_modules.py",
        CORE / "domain/scoring.py",
    }
)


def brought() -> Iterator[str]:
    """Every ``code="…"``, and the first of every ``code, reason = "…", …``."""
    for path in BRINGING:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "code":
                value = node.value
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "(code, reason)":
                assert isinstance(node.value, ast.Tuple)
                value = node.value.elts[0]
            else:
                continue
            if isinstance(value, ast.Constant):
                yield value.value


def test_the_layers_bring_known_codes_and_no_known_one_is_dead() -> None:
    assert set(brought()) == set(LACKS)
