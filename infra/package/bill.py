"""The bill of materials (CycloneDX 1.6) of one artefact, and the licences of all that it holds."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from importlib.metadata import Distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

NAMESPACE = uuid.UUID("6e1d7d0e-6a55-4b0f-9d4f-2f8d3a0f7c11")
DATE = datetime(1980, 1, 1, tzinfo=UTC)
"""As in the zips: the same contents have the same bill."""


def write_bill(artefact: str, site: Path, folder: Path) -> int:
    """Write ``<artefact>.cdx.json`` and ``<artefact>.licences.txt`` for the distributions in `site`; how many."""
    found = {folder: Distribution.at(folder) for folder in sorted(site.glob("*.dist-info"))}
    components = [_component(one) for one in found.values()]
    contents = "\n".join(str(component.purl) for component in components)
    whole = Component(name=artefact, type=ComponentType.APPLICATION, bom_ref=artefact)
    bom = Bom(
        serial_number=uuid.uuid5(NAMESPACE, f"{artefact}\n{contents}"),
        components=components,
        metadata=BomMetaData(timestamp=DATE, component=whole),
    )
    bom.register_dependency(whole, components)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{artefact}.cdx.json").write_text(
        JsonV1Dot6(bom).output_as_string(indent=1) + "\n", "utf-8"
    )
    (folder / f"{artefact}.licences.txt").write_text(
        "\n".join(_texts(*one) for one in found.items()), "utf-8"
    )
    return len(found)


def licence(distribution: Distribution) -> str:
    """The licence as a distribution declares it: an SPDX expression, else its classifiers, else its text."""
    told = distribution.metadata
    if "License-Expression" in told:
        return told["License-Expression"]
    classified = [
        line.rpartition(" :: ")[2]
        for line in told.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    if classified:
        return " AND ".join(classified)
    texts = told.get_all("License") or [""]
    return texts[0].strip().partition("\n")[0] or "not declared"


def _component(distribution: Distribution) -> Component:
    name, version = distribution.name, distribution.version
    purl = PackageURL("pypi", name=name.lower(), version=version)
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(licence(distribution))],
    )


def _texts(folder: Path, distribution: Distribution) -> str:
    title = f"{distribution.name} {distribution.version}: {licence(distribution)}"
    texts = [
        path.read_text("utf-8", "replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name.upper().startswith(("LICEN", "COPYING", "NOTICE"))
    ]
    return "\n\n".join([f"{title}\n{'=' * len(title)}", *texts]) + "\n"
