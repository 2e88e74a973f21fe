"""Write the manifests of one installation.

python -m infra.kubernetes --values values.yaml --to dist/kubernetes

Writes a YAML file for each function of the wiring table, and schedules.yaml.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from greenroom.domain.errors import GreenroomError
from greenroom.host.wiring import Wired, read_wiring
from infra.kubernetes.network import function_policy, schedules_policy
from infra.kubernetes.values import Values, read_values
from infra.kubernetes.workloads import (
    SCHEDULES,
    Manifest,
    kebab,
    knative_service,
    schedules,
    service_account,
    worker,
)


class _Plain(yaml.SafeDumper):
    """Writes what several manifests share in each of them: no anchors for a reader to follow."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def render(wiring: Mapping[str, Wired], values: Values) -> dict[str, list[Manifest]]:
    """All manifests by the name of their file, without its suffix."""
    files = {kebab(name): _function(wired, values) for name, wired in wiring.items()}
    files[SCHEDULES] = [
        service_account(SCHEDULES, values),
        schedules_policy(values),
        *schedules(wiring, values),
    ]
    return files


def write(files: Mapping[str, list[Manifest]], to: Path) -> None:
    """One file each; what else lies in the folder stays."""
    to.mkdir(parents=True, exist_ok=True)
    for name, manifests in files.items():
        text = yaml.dump_all(manifests, Dumper=_Plain, sort_keys=False, explicit_start=True)
        (to / f"{name}.yaml").write_text(text, "utf-8")


def _function(wired: Wired, values: Values) -> list[Manifest]:
    manifests = [service_account(wired.name, values)]
    if wired.http:
        manifests += [function_policy(wired, "http", values), knative_service(wired, values)]
    if wired.has_queue:
        manifests += [function_policy(wired, "worker", values), *worker(wired, values)]
    return manifests


def main() -> int:
    parser = argparse.ArgumentParser(prog="infra.kubernetes", description=__doc__)
    parser.add_argument("--values", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=Path("dist/kubernetes"))
    arguments = parser.parse_args()
    wiring = read_wiring()
    try:
        write(render(wiring, read_values(arguments.values, wiring)), arguments.to)
    except GreenroomError as error:
        sys.stderr.write(f"{error.code}: {error.detail}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
