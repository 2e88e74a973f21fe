"""`make eval [ONLY=kind]`: spoil every clip in every way, and print how well the quality check sees it.

`ONLY=voice` holds voice activity against scripts with known times, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.accuracy import voice
from benchmarks.accuracy.clips import clips
from benchmarks.accuracy.judge import Judgement, findings
from benchmarks.accuracy.twins import twins
from greenroom_vision.detector import best_detector

LATEST = Path(__file__).parents[1] / "latest.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    parser.add_argument("--only", action="append", help="just this kind of twin; may be repeated")
    parser.add_argument("--folder", type=Path, help="where the twins stay, for another run")
    chosen = parser.parse_args()
    kinds = frozenset(chosen.only) if chosen.only else None
    with tempfile.TemporaryDirectory(prefix="greenroom-eval-") as name:
        folder = chosen.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        figures: dict[str, float] = {}
        if kinds != {"voice"}:
            judgement = _judge(folder, kinds)
            _print(judgement)
            figures = judgement.figures() if kinds is None else {}
        if kinds is None or "voice" in kinds:
            figures |= voice.figures(folder)
    latest = json.loads(LATEST.read_text()) if LATEST.exists() else {}
    latest |= {key: round(value, 4) for key, value in figures.items()}
    LATEST.write_text(json.dumps(latest, indent=2, sort_keys=True) + "\n")


def _judge(folder: Path, kinds: frozenset[str] | None) -> Judgement:
    judgement = Judgement()
    counter = best_detector()
    if "GREENROOM_TESTDATA" not in os.environ:
        print("GREENROOM_TESTDATA is not set: only the generated clip is used")
    for clip in clips(folder):
        for twin in twins(clip, folder, kinds):
            print(f"\r{clip.name} {twin.kind:<20}", end="", file=sys.stderr, flush=True)
            judgement.add(f"{clip.name}/{twin.kind}", twin, findings(twin, counter))
    print(file=sys.stderr)
    return judgement


def _print(judgement: Judgement) -> None:
    print(f"{'finding':<22} {'twins':>5} {'recall':>7} {'precision':>9} {'range error':>12}")
    for code, tally in judgement.tallies.items():
        whole = tally.found + tally.missed
        print(
            f"{code:<22} {whole:>5} {tally.recall:>7.2f} {tally.precision:>9.2f} "
            f"{tally.range_error_s:>10.2f} s"
        )
        for wrong in tally.wrong:
            print(f"    {wrong}")
    for name, error in sorted(judgement.snr_errors_db.items()):
        print(f"signal-to-noise ratio of {name}: off by {error:.1f} dB")
    for name, value in judgement.figures().items():
        print(f"{name:<22} {value:.3f}")


if __name__ == "__main__":
    main()
