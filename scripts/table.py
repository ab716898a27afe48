"""README's accuracy table: runs ``ocr-plugins compare`` on real corpora and prints Markdown.

The corpora are not part of this repository; OCR_PLUGINS_CORPORA names their folder. Runs that
are there already are kept, so an interrupted call goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import marked_tables
from corpora import ROOT, TITLES, convention_of, place_of

ENGINES = ("tesseract", "tesseract:pre=auto", "rapidocr", "crnn", "easyocr", "vote")
# Whom `vote` counts: it votes on what these have read for the table.
VOTERS = ("tesseract", "rapidocr", "crnn")
# Corpus -> most pages.
ROWS = {"unlv": 10, "oldbooks": 10, "ehri_typed_en": 10, "funsd": 10, "sroie": 10, "iiit5k_words": 250}
START = "<!-- table: make table -->"


def run(corpus: str, engine: str, out: Path) -> dict[str, object]:
    folder = out / corpus / engine
    # A vote costs little, and changes with what the package has learned.
    if engine == "vote" or not (folder / "summary.json").exists():
        command = [
            sys.executable,
            "-m",
            "ocr_plugins",
            "compare",
            str(place_of(corpus)),
            "--engines",
            vote_of(corpus, out) if engine == "vote" else engine,
            "--no-store",
        ]
        command += ["--limit", str(ROWS[corpus]), "--convention", convention_of(corpus)]
        command += ["--out", str(folder), "--report-pages", "0"]
        # 1 means that some pages failed: they count as missing in the scores.
        if (status := subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode) > 1:
            (folder / "summary.json").unlink(missing_ok=True)
            sys.exit(f"{engine} on {corpus} stopped with status {status}")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return dict(summary["engines"][engine])


def vote_of(corpus: str, out: Path) -> str:
    """A vote on the runs that are kept."""
    for engine in VOTERS:
        run(corpus, engine, out)
    read = (
        f"{engine}=files:path={out / corpus / engine / 'results.jsonl'}:label={engine}" for engine in VOTERS
    )
    return ",".join([*read, "vote"])


def cell(found: dict[str, object], best: dict[str, object]) -> str:
    cer, free, wer = (f"{100 * float(str(found[key])):.1f}" for key in ("cer", "cer_order_free", "wer"))
    text = f"{cer} ({free}) / {wer}"
    return f"**{text}**" if found is best else text


def table(out: Path, engines: list[str]) -> str:
    lines = [
        f"| documents (pages) | {' | '.join(engines)} |",
        f"|---|{'---|' * len(engines)}",
    ]
    for corpus in ROWS:
        found = [run(corpus, engine, out) for engine in engines]
        best = min(found, key=lambda summary: float(str(summary["cer"])))
        convention = convention_of(corpus)
        note = "" if convention == "default" else f", `{convention}`"
        heading = f"{TITLES[corpus]}: {corpus} ({found[0]['pages']}{note})"
        lines.append(f"| {heading} | {' | '.join(cell(summary, best) for summary in found)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "table", help="where runs are kept")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    arguments = parser.parse_args()
    text = table(arguments.out, arguments.engines.split(","))
    print(text)
    if arguments.write:
        marked_tables.put(text, ROOT / "README.md", START)


if __name__ == "__main__":
    main()
