"""What the demo found: as one JSON object for programs, as tables for people."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from greenroom_cli.demo.receiver import Received


def fetch_recordings(results: dict[str, Any], folder: Path) -> list[str]:
    """Download every recording into `folder` and check its digest; what does not match is returned."""
    wrong = []
    for answer in results["answers"]:
        for track, recording in answer["recordings"].items():
            if not recording.get("download_url"):
                continue
            path = folder / f"{answer['answer']}-{track}{Path(recording['key']).suffix}"
            digest = hashlib.sha256()
            with (
                path.open("wb") as file,
                httpx.stream("GET", recording["download_url"]) as response,
            ):
                response.raise_for_status()
                for block in response.iter_bytes():
                    digest.update(block)
                    file.write(block)
            recording["path"] = str(path)
            if digest.hexdigest() != recording["sha256"]:
                wrong.append(f"{path.name}: the bytes do not match the digest")
    return wrong


def as_document(results: dict[str, Any], webhooks: list[Received]) -> dict[str, Any]:
    """The object that `--json` prints."""
    return {
        "interview": results["interview"],
        "state": results["state"],
        "answers": [_answer(answer) for answer in results["answers"]],
        "scorecard": results["scorecard"],
        "webhooks": [
            {"type": item.type, "id": item.id, "verified": item.verified} for item in webhooks
        ],
        "loss_ms": results["loss_ms"],
    }


def _answer(answer: dict[str, Any]) -> dict[str, Any]:
    recordings = {
        track: {
            "path": found.get("path"),
            "key": found.get("key"),
            "duration_s": found.get("duration_s"),
            "sha256": found.get("sha256"),
            "status": found.get("status"),
        }
        for track, found in answer["recordings"].items()
    }
    quality, analysis = answer["quality"] or {}, answer["analysis"] or {}
    modules = analysis.get("modules", [])
    return {
        "answer": answer["answer"],
        "attempt": answer["attempt"],
        "recording": recordings.get("camera"),
        "tracks": recordings,
        "quality": {
            "verdict": quality.get("verdict"),
            "reasons": quality.get("reasons", []),
            "findings": quality.get("findings", []),
        },
        "analysis": {
            "observations": [
                {"module": module["module"], **observation}
                for module in modules
                for observation in module["observations"]
            ],
            "modules": [
                {name: value for name, value in module.items() if name != "observations"}
                for module in modules
            ],
        },
    }


def show(document: dict[str, Any], console: Console) -> None:
    """Tables: recordings, quality findings, scorecard with evidence, webhooks."""
    for answer in document["answers"]:
        _show_recordings(answer, console)
        _show_findings(answer, console)
    if document["scorecard"]:
        _show_scorecard(document["scorecard"], console)
    _show_webhooks(document["webhooks"], console)
    console.print(f"Lost: [bold]{document['loss_ms']} ms[/]   State: [bold]{document['state']}[/]")


def _show_recordings(answer: dict[str, Any], console: Console) -> None:
    for track, found in answer["tracks"].items():
        if found["path"]:
            console.print(
                f"Answer [bold]{answer['answer']}[/], {track}: {found['duration_s']:.2f} s, "
                f"sha256 {found['sha256'][:16]}…\n  {found['path']}",
                soft_wrap=True,
            )
        else:
            console.print(f"Answer [bold]{answer['answer']}[/], {track}: {found['status']}")


def _show_findings(answer: dict[str, Any], console: Console) -> None:
    table = Table(title=f"Quality of {answer['answer']}: {answer['quality']['verdict']}")
    for column in ("measure", "track", "value", "target", "floor", "level", "where"):
        table.add_column(column)
    for finding in answer["quality"]["findings"]:
        table.add_row(
            finding["code"],
            finding["track"],
            _number(finding["value"], finding["unit"]),
            _number(finding["target"]),
            _number(finding["floor"]),
            finding["level"],
            finding["reason"] or _ranges(finding["ranges"]),
        )
    console.print(table)


def _show_scorecard(card: dict[str, Any], console: Console) -> None:
    calibrated = "" if card["calibrated"] else ", uncalibrated"
    table = Table(title=f"Scorecard (mapping {card['mapping_version']}{calibrated})")
    for column in ("competency", "weight", "score", "rests on"):
        table.add_column(column)
    for item in card["competencies"]:
        table.add_row(_name(item), f"{item['weight']:g} %", _score(item), "", style="bold")
        for indicator in item["indicators"]:
            lines = [
                f"{found['kind']} {_number(found['value'], found['unit'])} → {found['score']:g}"
                f" in {found['answer']}: {_ranges(found['ranges'])}"
                for found in indicator["evidence"]
            ]
            lines += [f"{lack['kind']}: {lack['reason']}" for lack in indicator["missing"]]
            weight = f"{indicator['weight']:g} %"
            table.add_row("  " + _name(indicator), weight, _score(indicator), "\n".join(lines))
    total = card["total"]
    table.add_row("Total", f"{total['coverage']:.0%} of weights", _score(total), "", style="bold")
    console.print(table)


def _show_webhooks(webhooks: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="Webhooks received, in order")
    for column in ("type", "id", "signature"):
        table.add_column(column)
    for item in webhooks:
        table.add_row(item["type"], item["id"], "verified" if item["verified"] else "[red]WRONG[/]")
    console.print(table)


def _name(item: dict[str, Any]) -> str:
    names = item["name"]
    return " ".join(dict.fromkeys(names[key] for key in ("zh-CN", "en") if key in names))


def _score(item: dict[str, Any]) -> str:
    return f"{item['score']:g}" if item["score"] is not None else item["status"].replace("_", " ")


def _number(value: float | None, unit: str = "") -> str:
    return "–" if value is None else f"{value:.4g} {unit}".strip()


def _ranges(ranges: list[dict[str, float]], most: int = 4) -> str:
    shown = ", ".join(
        f"{_clock(item['start_s'])}–{_clock(item['end_s'])}" for item in ranges[:most]
    )
    return shown + (f" and {len(ranges) - most} more" if len(ranges) > most else "")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
