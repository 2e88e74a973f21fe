"""The Terraform roots against a pretended platform: their own tests, formatting and validation, offline."""

import shutil
import subprocess
from pathlib import Path

import pytest

from greenroom.host.wiring import read_wiring
from tests.platform.terraform import Terraform, placeholders

pytestmark = pytest.mark.slow

LAYERS = ("core", "media", "speech", "vision", "language", "screen")


def test_the_aws_root_wires_everything_of_the_table_and_refuses_bad_variables(
    tmp_path: Path,
) -> None:
    packages = placeholders(tmp_path / "packages", LAYERS, read_wiring())
    terraform = Terraform("aws-api", tmp_path)
    terraform.run("validate").check()
    written = terraform.run("test", f"-var=packages={packages}").check()
    assert " 0 failed" in written


def test_the_root_for_ceph_and_minio_tells_every_topic_and_refuses_bad_variables(
    tmp_path: Path,
) -> None:
    terraform = Terraform("onprem", tmp_path)
    terraform.run("validate").check()
    assert " 0 failed" in terraform.run("test").check()


def test_every_terraform_file_is_formatted() -> None:
    if shutil.which("terraform") is None:
        pytest.skip("no terraform on the PATH")
    found = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "infra/terraform"],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout
