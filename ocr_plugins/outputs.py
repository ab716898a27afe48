"""What a study leaves behind: summary.json and report.html. (results.jsonl is written as it reads.)"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ocr_plugins import __version__
from ocr_plugins.corpus import Item
from ocr_plugins.document import SCHEMA_VERSION, Page, PageError, is_detection
from ocr_plugins.evaluation import diff_segments
from ocr_plugins.ranked import rank_study
from ocr_plugins.recommended import oracle_rate, recommend
from ocr_plugins.report import EngineRow, Reading, Report, ReportPage, Section, write_report
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.source import load_or_error

_NO_ADVICE: dict[str, Any] = {"best_engine": None, "ensemble": {}, "recommendation": None}


def write_outputs(
    study: Study,
    folder: Path,
    *,
    command: str = "",
    report_pages: int = 50,
    sections: tuple[Section, ...] = (),
) -> tuple[Path, Path]:
    """Writes both files into ``folder`` and says where: (summary.json, report.html).

    ``report_pages`` bounds how many pages the report shows; of more, those with the worst
    readings are taken. ``sections`` stand in the report besides.
    """
    folder.mkdir(parents=True, exist_ok=True)
    summary, report = folder / "summary.json", folder / "report.html"
    found = study_summary(study)
    text = json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False)
    summary.write_text(_valid(text) + "\n", encoding="utf-8")
    made = study_report(study, command, report_pages, advice_of(found))
    write_report(report, replace(made, sections=sections))
    return summary, report


def study_summary(study: Study) -> dict[str, Any]:
    """The JSON object of summary.json."""
    corpus = study.corpus
    return {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "created": _now(),
        "convention": study.convention.name,
        "convention_details": study.convention.to_dict(),
        "manifests": [
            {"path": _valid(str(m.path)), "sha256": m.sha256, "rows": len(m.rows), "errors": len(m.errors)}
            for m in corpus.manifests
        ],
        "pages": len(corpus.items),
        "pages_with_truth": sum(item.truth is not None for item in corpus.items),
        "input_errors": len(corpus.errors) + len(study.unreadable),
        "interrupted": study.interrupted,
        "store": study.store,
        "engines": {run.label: study.summary(run) for run in study.runs},
        **(advice.to_dict() if (advice := recommend(study)) else _NO_ADVICE),
        "oracle": {"cer": asdict(perfect)} if (perfect := oracle_rate(study)) else None,
        "expected": {label: asdict(estimate) for label, estimate in rank_study(study).items()},
    }


def study_report(study: Study, command: str, report_pages: int, advice: str = "") -> Report:
    """The report's content; pages are made one at a time as they are asked for."""
    engines = [_engine_row(study, run) for run in study.runs]
    items = _shown(study, report_pages)
    names = ", ".join(_valid(manifest.name) for manifest in study.corpus.manifests)
    title = f"OCR engines compared on {names}" if names else "OCR engines compared"
    return Report(
        title=title + (" (interrupted: not all was read)" if study.interrupted else ""),
        created=_now(),
        version=__version__,
        convention=study.convention.name,
        convention_description=study.convention.description,
        engines=tuple(engines),
        pages=_report_pages(study, items),
        total_pages=len(study.corpus.items) + len(study.corpus.errors),
        advice=_valid(advice),
        command=_valid(command),
        manifests=tuple(f"{_valid(str(m.path))} (SHA-256 {m.sha256[:12]})" for m in study.corpus.manifests),
    )


def advice_of(summary: Mapping[str, Any]) -> str:
    """Which engine to take, from what summary.json says; "" where there is nothing to say."""
    if summary["recommendation"]:
        return str(summary["recommendation"]["text"])
    if len(summary["expected"]) < 2:
        return ""
    (first, one), (second, other), *more = summary["expected"].items()
    return (
        "Estimated from what the engines disagree about, for want of ground truth: "
        f"{first} reads best, at {100 * one['cer']:.2f} % CER ({100 * one['low']:.2f} to "
        f"{100 * one['high']:.2f}), then {second} at {100 * other['cer']:.2f} %. Errors that engines share "
        "are not seen." + ("" if more else " With two engines, nobody can tell which errs.")
    )


def _engine_row(study: Study, run: EngineRun) -> EngineRow:
    summary = study.summary(run)
    same = ("cer", "cer_order_free", "wer", "word_f1", "errors", "detections", "seconds_per_page")
    return EngineRow(
        label=run.label,
        version=" ".join(
            filter(None, [summary["version"], f"({summary['runtime']})" if summary["runtime"] else ""])
        ),
        pages=summary["pages"] - summary["errors"] - summary["detections"],
        message=summary["error"] or "",
        **{key: summary[key] for key in (*same, "peak_memory", "spec")},
    )


def _shown(study: Study, most: int) -> list[Item]:
    items = list(study.corpus.items)
    if len(items) <= most:
        return items

    def worst(item: Item) -> float:
        scores = [run.scores[item.id].cer for run in study.runs if item.id in run.scores]
        return max((score for score in scores if score is not None), default=0.0)

    chosen = {item.id for item in sorted(items, key=worst, reverse=True)[:most]}
    return [item for item in items if item.id in chosen]


def _report_pages(study: Study, items: list[Item]) -> Iterator[ReportPage]:
    for error in study.corpus.errors:
        yield ReportPage(
            id=_valid(error.id or error.source),
            source=_valid(error.source),
            page=error.page,
            error=_valid(str(error)),
        )
    for item in items:
        truth = None if item.truth is None else _valid(item.truth)
        if item.id in study.unreadable:
            error = study.unreadable[item.id]
            yield ReportPage(
                id=_valid(item.id),
                source=error.source,
                page=error.page,
                truth=truth,
                error=_valid(str(error)),
            )
            continue
        loaded = load_or_error(item.ref)
        yield ReportPage(
            id=_valid(item.id),
            source=item.ref.source,
            page=item.ref.page,
            image=None if isinstance(loaded, PageError) else loaded,
            truth=truth,
            readings=tuple(_readings(study, item)),
        )


def _readings(study: Study, item: Item) -> Iterator[Reading]:
    reference, name = None if item.truth is None else _valid(item.truth), "truth"
    for run in study.runs:
        result = run.results.get(item.id)
        if result is None:
            continue
        if not isinstance(result, Page):
            why = result.reason if is_detection(result) else str(result)
            yield Reading(label=run.label, error=why, found=result.detected)
            continue
        score = run.scores.get(item.id)
        if reference is None:
            # Without ground truth, the first engine's reading is what the others are held against.
            reference, name = result.text, run.label
            diff: tuple[Any, ...] = ()
        else:
            segments = diff_segments(
                _without_blank_lines(reference),
                _without_blank_lines(result.text),
                convention=study.convention,
                casefold=item.folds_case,
            )
            diff = tuple((s.op, s.reference, s.hypothesis) for s in segments)
        yield Reading(
            label=run.label,
            page=result,
            cer=score.cer if score else None,
            wer=score.wer if score else None,
            seconds=result.provenance.seconds if result.provenance else None,
            diff=diff,
            diff_against=name if diff else "",
        )


def _without_blank_lines(text: str) -> str:
    """Engines put them between regions, ground truth rarely does: marked, they would hide the rest."""
    return "\n".join(line for line in text.splitlines() if line.strip())


def _valid(text: str) -> str:
    """File names and a manifest's escapes need not be Unicode, but a file in UTF-8 must."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
