"""What fine-tuning gains: the CER of lines held out, before and after, on handwriting and early prints.

A fifth of each corpus is held out: of the handwriting whole groups (letters), of the early prints lines of
each book. With `--folds 5` each line is held out once. What `ocr-plugins train crnn --from` does by itself is
what happens here. A fold that is done is kept, so an interrupted call goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from corpora import ROOT, convention_of, place_of

import ocr_plugins
from ocr_plugins.crnn.model_file import SHIPPED

SETS = {"hooker_lines": "", "historical_lines": "early"}
FIFTH = 5


def folds(corpus: str, prefix: str) -> list[list[dict[str, object]]]:
    """The rows of the groups whose names begin so, in five parts."""
    place = place_of(corpus)
    text = (place / "manifest.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    rows = sorted((row for row in rows if row["group"].startswith(prefix)), key=lambda row: row["id"])
    for row in rows:
        row["image"] = str(place / row["image"])
    if prefix:
        return [rows[number::FIFTH] for number in range(FIFTH)]
    parts: list[list[dict[str, object]]] = [[] for _ in range(FIFTH)]
    groups: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    for group in sorted(groups.values(), key=len, reverse=True):
        min(parts, key=len).extend(group)
    return parts


def write(rows: Sequence[dict[str, object]], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def errors(manifest: Path, weights: Path, convention: str) -> tuple[int, int]:
    """Errors of the engine with these weights, and characters of the ground truth."""
    study = ocr_plugins.compare(manifest, f"crnn:weights={weights}", convention=convention)
    scores = study.runs[0].scores.values()
    return sum(score.char_errors or 0 for score in scores), sum(score.char_length for score in scores)


def tuned(start: Path, train: Path, out: Path, more: Sequence[str]) -> Path:
    if not out.exists():
        command = [sys.executable, "-m", "ocr_plugins", "train", "crnn", "--from", str(start)]
        command += ["--data", str(train), "--out", str(out), "--seed", "1", *more]
        subprocess.run(command, check=True)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="what is gone on from")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--folds", type=int, default=1, choices=range(1, FIFTH + 1))
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "finetuning", help="where folds are kept"
    )
    arguments, more = parser.parse_known_args()
    start = arguments.weights.absolute()
    print("| corpus | trained on | held out | CER % before | after | change |\n|---|--:|--:|--:|--:|--:|")
    for corpus in arguments.sets.split(","):
        parts, convention = folds(corpus, SETS[corpus]), convention_of(corpus)
        totals, learnt = [0, 0, 0], 0
        for number in range(arguments.folds):
            place = arguments.out / corpus / str(number)
            rest = [row for other, part in enumerate(parts) if other != number for row in part]
            train, held = write(rest, place / "train.jsonl"), write(parts[number], place / "held.jsonl")
            after = tuned(start, train, place / "tuned.onnx", more)
            before_errors, length = errors(held, start, convention)
            found = (before_errors, errors(held, after, convention)[0], length)
            totals = [total + one for total, one in zip(totals, found, strict=True)]
            learnt = len(rest)
        before, then = (100 * count / totals[2] for count in totals[:2])
        held_out = sum(map(len, parts[: arguments.folds]))
        change = f"{100 * (then / before - 1):+.0f} %"
        print(f"| {corpus} | {learnt} | {held_out} | {before:.1f} | {then:.1f} | {change} |")


if __name__ == "__main__":
    main()
