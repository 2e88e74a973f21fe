"""Terraform as the tests run it: a copy of the roots, providers from a mirror on disk, no network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOTS = Path("infra/terraform")
MIRRORS = (
    Path.home() / ".terraform.d/plugins",
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
)
"""Where Terraform itself looks for providers that are kept on disk."""


class Terraform:
    """One root in a folder of its own. Skips the test, saying why, where Terraform or the provider is missing."""

    def __init__(
        self, root: str, folder: Path, *, environment: dict[str, str] | None = None
    ) -> None:
        if shutil.which("terraform") is None:
            pytest.skip("no terraform on the PATH")
        mirror = _mirror()
        if mirror is None:
            pytest.skip("no AWS provider on disk: set TF_PLUGIN_DIR to a mirror that holds one")
        shutil.copytree(
            ROOTS, folder / "terraform", ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*")
        )
        self._root = folder / "terraform" / root
        self._environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": os.devnull,
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            **(environment or {}),
        }
        self.run("init", "-input=false", f"-plugin-dir={mirror}").check()

    def run(self, command: str, *arguments: str) -> Outcome:
        done = subprocess.run(
            ["terraform", *command.split(), "-no-color", *arguments],
            cwd=self._root,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        return Outcome(done.returncode, done.stdout + done.stderr)


class Outcome:
    """How a command ended: its status and all that it wrote."""

    def __init__(self, status: int, written: str) -> None:
        self.status = status
        self.written = written

    def check(self) -> str:
        """What it wrote; fails the test with it when the command failed."""
        assert self.status == 0, self.written[-6000:]
        return self.written


def placeholders(folder: Path, layers: Iterable[str], functions: Iterable[str]) -> Path:
    """A folder as `make package` makes it, with files that only have the right names."""
    for kind, names in (("layers", layers), ("functions", functions)):
        (folder / kind).mkdir(parents=True)
        for name in names:
            (folder / kind / f"{name}.zip").write_bytes(b"placeholder")
    return folder


def _mirror() -> Path | None:
    named = os.environ.get("TF_PLUGIN_DIR")
    for mirror in [Path(named)] if named else MIRRORS:
        if any(mirror.glob("*/hashicorp/aws/5.*/*/terraform-provider-aws*")):
            return mirror
    return None
