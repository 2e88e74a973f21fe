"""Build what is deployed.

python -m infra.package --to dist [--only core,portal]

Writes layers/*.zip, functions/*.zip, images/*/ (a context for each role and function) and bills/ (CycloneDX,
licences), and prints what each weighs.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from greenroom.host.wiring import Wired, read_wiring
from infra.package.archive import write_zip
from infra.package.bill import write_bill
from infra.package.images import write_context
from infra.package.site import (
    function_files,
    install,
    layer_names,
    own_layer,
)

MB = 10**6
LIMITS_MB = {"zip": 50, "unpacked": 250}
"""What the Lambda API takes: a zip that is sent, and a function with its layers unpacked."""


def build(to: Path, only: set[str] | None = None) -> dict[str, float]:
    """Build all artefacts, or those named in `only`; what each zip weighs, in MB, by ``kind/name``."""
    wiring = read_wiring()
    layers = list(dict.fromkeys(layer for wired in wiring.values() for layer in wired.layers))
    weights = {}
    below: set[str] = set()
    for layer in layers:
        names = layer_names([layer], host=False)
        if only is None or layer in only:
            weights[f"layers/{layer}"] = _layer(layer, names - below, to)
        below |= names
    for name, wired in wiring.items():
        if only is None or name in only:
            weights[f"functions/{name}"] = _function(name, to)
            if only is None:
                image(wired, to)
    return weights


def _layer(layer: str, names: set[str], to: Path) -> float:
    """A layer holds what the layers before it in the wiring table lack."""
    with tempfile.TemporaryDirectory() as temporary:
        site = Path(temporary, "python")
        install(names, site)
        own_layer(layer, site, host=False)
        write_bill(f"layer-{layer}", site, to / "bills")
        return write_zip(to / "layers" / f"{layer}.zip", Path(temporary)) / MB


def _function(name: str, to: Path) -> float:
    with tempfile.TemporaryDirectory() as temporary:
        function_files(name, Path(temporary))
        return write_zip(to / "functions" / f"{name}.zip", Path(temporary)) / MB


def image(wired: Wired, to: Path) -> None:
    context = to / "images" / wired.name
    shutil.rmtree(context, ignore_errors=True)
    site = context / "site"
    install(layer_names(list(wired.layers), host=True), site)
    for layer in wired.layers:
        own_layer(layer, site, host=True)
    function_files(wired.name, site)
    write_context(wired, context)
    write_bill(f"image-{wired.name}", site, to / "bills")


def main() -> None:
    parser = argparse.ArgumentParser(prog="infra.package", description=__doc__)
    parser.add_argument("--to", type=Path, default=Path("dist"))
    parser.add_argument("--only", help="names of layers and functions, with commas; then no images")
    arguments = parser.parse_args()
    only = set(arguments.only.split(",")) if arguments.only else None
    for name, weight in build(arguments.to, only).items():
        note = "" if weight <= LIMITS_MB["zip"] else "  too large to send as a zip: use its image"
        sys.stdout.write(f"{weight:8.2f} MB  {name}{note}\n")


if __name__ == "__main__":
    main()
