"""What the runbooks ask a person to type and to open exists: commands, their options, paths of the API, files."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main
import yaml
from typer.core import TyperCommand, TyperGroup

from greenroom_cli.main import app

BOOKS = sorted(Path("docs/runbooks").glob("*.md"))
PAGES = [*BOOKS, Path("docs/operations.md")]
ROOT = typer.main.get_command(app)
API = {
    path
    for contract in Path("contracts/openapi").glob("*.yaml")
    for path in yaml.safe_load(contract.read_text())["paths"]
}


def commands(page: Path) -> list[list[str]]:
    """The words of every `greenroom …` in blocks and in running text."""
    text = page.read_text()
    blocks = re.findall(r"^```\n(.*?)^```", text, re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(greenroom [^`]+)`", text)
    return [shlex.split(line)[1:] for line in lines if line.startswith("greenroom ")]


def named(words: list[str]) -> tuple[TyperCommand, list[str]]:
    """The command that the words begin with, and the rest of them."""
    found, rest = ROOT, words
    while isinstance(found, TyperGroup):
        assert rest, words
        assert rest[0] in found.commands, words
        found, rest = found.commands[rest[0]], rest[1:]
    assert isinstance(found, TyperCommand)
    return found, rest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_and_their_options_exist(page: Path) -> None:
    assert commands(page)
    for words in commands(page):
        command, rest = named(words)
        known = {option for parameter in command.params for option in parameter.opts}
        for word in rest[: rest.index("|")] if "|" in rest else rest:
            assert not word.startswith("--") or word in known, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_paths_of_the_api_exist(page: Path) -> None:
    shape = {re.sub(r"{\w+}", "x", path) for path in API}
    for path in re.findall(r"(/v1/[\w/{}$-]+)", page.read_text()):
        assert re.sub(r"{\w+}|\$\w+", "x", path) in shape, path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_exist(page: Path) -> None:
    text = page.read_text()
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert (page.parent / link).exists(), link
    for script in re.findall(r"infra/[\w/]+\.sh", text):
        assert Path(script).is_file(), script


def test_every_runbook_is_named_in_the_operators_page() -> None:
    page = Path("docs/operations.md").read_text()
    assert [book for book in BOOKS if f"runbooks/{book.name}" not in page] == []
