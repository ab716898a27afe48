"""How many fields are read rightly: receipts and licence plates of the corpora, by engine and by vote.

    python scripts/measure_fields.py

Prints a table of each. Results are kept, so that the same command goes on after a stop.
"""

from __future__ import annotations

import argparse
import json

from corpora import place_of

from ocr_plugins.api import run_engines
from ocr_plugins.console import ProgressShower
from ocr_plugins.document import Page
from ocr_plugins.fields import Field, extract_fields, find_extractors, rows_of
from ocr_plugins.fields.plates import EUROPE
from ocr_plugins.fields.scoring import FieldScore, score_fields

# What the corpus calls a field, and what we do.
RECEIPT = {"company": "vendor", "date": "date", "total": "total"}
RECEIPT_ENGINES = "tesseract,rapidocr,crnn,vote"
PLATE_ENGINES = "tesseract,rapidocr,easyocr,vote"
# Labels of European plates write one for the other.
ALIKE = str.maketrans("OI", "01")


def manifest_of(corpus: str) -> dict[str, dict[str, object]]:
    with (place_of(corpus) / "manifest.jsonl").open(encoding="utf-8") as file:
        return {row["id"]: row for row in map(json.loads, file)}


def receipts(engines: str) -> None:
    rows = manifest_of("sroie")
    study = run_engines(
        str(place_of("sroie")), engines, convention="default", store=True, watcher=ProgressShower()
    )
    extractors = find_extractors("receipt")
    names = list(RECEIPT.values())
    print(f"\nReceipts ({len(rows)}): F1 of fields\n\n| engine | {' | '.join(names)} | together |")
    print(f"|---|{'---:|' * (len(names) + 1)}")
    for run in study.runs:
        totals = dict.fromkeys(names, FieldScore())
        for id_, result in run.results.items():
            said = rows[id_].get("fields")
            if not isinstance(said, dict):
                continue
            expected = {ours: str(said[theirs]) for theirs, ours in RECEIPT.items() if said.get(theirs)}
            found = extract_fields(result, extractors) if isinstance(result, Page) else None
            for name, score in score_fields(expected, found).items():
                totals[name] += score
        scores = [*totals.values(), sum(totals.values(), FieldScore())]
        print(f"| {run.label} | {' | '.join(f'{score.f1 or 0:.2f}' for score in scores)} |")


def plates(engines: str) -> None:
    rows = manifest_of("plates_crops")
    study = run_engines(
        str(place_of("plates_crops")), engines, convention="default", store=True, watcher=ProgressShower()
    )
    print(f"\nLicence plates ({len(rows)}): share read rightly\n")
    print(
        "| engine | the text | with the field | with that of its country | the field alone | of its country |"
    )
    print(f"|---|{'---:|' * 5}")
    for run in study.runs:
        # As the labels are scored: whether what is given out contains the number. A field alone must be it.
        text = placed = placed_told = alone = alone_told = 0
        for id_, result in run.results.items():
            plate = folded(str(rows[id_]["text"]))
            if not isinstance(result, Page):
                continue
            country = str(rows[id_]["region"]).split("-")[0]
            blind = plate_of(result, "plate")
            told = plate_of(result, f"plate:country={'+'.join(EUROPE) if country == 'eu' else country}")
            text += plate in folded(result.text)
            placed += plate in folded(with_field(result, blind))
            placed_told += plate in folded(with_field(result, told))
            alone += blind is not None and folded(blind.shown) == plate
            alone_told += told is not None and folded(told.shown) == plate
        shares = (f"{count / len(rows):.3f}" for count in (text, placed, placed_told, alone, alone_told))
        print(f"| {run.label} | {' | '.join(shares)} |")


def plate_of(page: Page, extractor: str) -> Field | None:
    return extract_fields(page, find_extractors(extractor)).first("plate")


def with_field(page: Page, field: Field | None) -> str:
    """The page's text with a field's value where it was read."""
    if field is None:
        return page.text
    rows = " ".join(row.text for row in rows_of(page))
    return rows.replace(field.text, field.shown, 1)


def folded(text: str) -> str:
    return "".join(mark for mark in text.upper().translate(ALIKE) if mark.isalnum())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--receipts", default=RECEIPT_ENGINES, help="engines; empty for none")
    parser.add_argument("--plates", default=PLATE_ENGINES, help="likewise")
    arguments = parser.parse_args()
    if arguments.receipts:
        receipts(arguments.receipts)
    if arguments.plates:
        plates(arguments.plates)


if __name__ == "__main__":
    main()
