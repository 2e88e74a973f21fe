"""The Terraform roots against a pretended platform: their own tests, formatting and validation, offline."""

import re
import shutil
import subprocess
from collections import Counter
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


@pytest.mark.parametrize("root", ["aws-api", "onprem"])
def test_every_rule_of_a_variable_has_a_run_that_breaks_it(root: str) -> None:
    """Words, lists and maps are held to rules; yes and no is Terraform's to check."""
    folder = Path("infra/terraform") / root
    runs = "\n".join(path.read_text() for path in folder.glob("tests/*.tftest.hcl"))
    refused = Counter(
        re.findall(r"var\.(\w+)", "".join(re.findall(r"expect_failures = (.*)", runs)))
    )
    blocks = re.split(r'(?m)^variable "', (folder / "variables.tf").read_text())[1:]
    rules = {block.partition('"')[0]: block.count("validation {") for block in blocks}
    assert {name for name, count in rules.items() if not count} == {"keep_bucket"}
    short = {name for name, count in rules.items() if refused[name] < count}
    assert not short


def test_every_terraform_file_is_formatted() -> None:
    if shutil.which("terraform") is None:
        pytest.skip("no terraform on the PATH")
    found = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "infra/terraform"],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout
