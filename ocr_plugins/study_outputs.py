"""What `ocr-plugins study` leaves behind: tables, a recipe, and a report that begins with what to take."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_plugins.analysing import Analysis
from ocr_plugins.outputs import write_outputs
from ocr_plugins.report import Point, Section
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.spec import EngineSpec

_CONFUSIONS_SHOWN = 12
_PAGES_SHOWN, _WORDS_SHOWN = 15, 40
_BEST = " \u2605"


@dataclass(frozen=True, kw_only=True)
class StudyFiles:
    """Where things were written. ``recipe`` is None where nothing can be recommended, ``cascade`` where none
    was fitted.
    """

    report: Path
    summary: Path
    recipe: Path | None
    cascade: Path | None
    tables: tuple[Path, ...]


def write_study(analysis: Analysis, folder: Path, *, command: str = "", report_pages: int = 50) -> StudyFiles:
    """Writes all of it into ``folder``: tables as CSV, and as Parquet where pyarrow is installed."""
    summary, report = write_outputs(
        analysis.study,
        folder,
        command=command,
        report_pages=report_pages,
        sections=study_sections(analysis),
    )
    written = []
    (folder / "tables").mkdir(exist_ok=True)
    parquet = importlib.util.find_spec("pyarrow") is not None
    for name, frame in {**analysis.tables, "results": analysis.study.results()}.items():
        written.append(folder / "tables" / f"{name}.csv")
        frame.to_csv(written[-1], index=False)
        if parquet:
            written.append(folder / "tables" / f"{name}.parquet")
            frame.to_parquet(written[-1], index=False)
    return StudyFiles(
        report=report,
        summary=summary,
        recipe=_written(folder / "recipe.toml", recipe_of(analysis)),
        cascade=_written(folder / "cascade.toml", cascade_of(analysis)),
        tables=tuple(written),
    )


def _written(path: Path, text: str) -> Path | None:
    path.unlink(missing_ok=True)
    if not text:
        return None
    path.write_text(text, encoding="utf-8")
    return path


def recipe_of(analysis: Analysis) -> str:
    """What was recommended as TOML that stands wherever an engine is named; "" without a recommendation."""
    found = analysis.recommendation
    if found is None:
        return ""
    taken = next(run for run in analysis.study.runs if run.label == found.take)
    return recipe_text(found.text, specs_for(analysis.study, taken))


def specs_for(study: Study, taken: EngineRun) -> list[EngineSpec]:
    """What has to be named to take an engine or vote: a vote needs its voters beside it."""
    voters = _voters_of(taken)
    return [*(run.spec for run in study.runs if run.label in voters), taken.spec]


def cascade_of(analysis: Analysis) -> str:
    """The cascade that was fitted as such TOML; "" where there is none."""
    policy = analysis.policy
    if policy is None:
        return ""
    runs = {run.label: run for run in analysis.study.runs}
    voters = [runs[label].spec for label in policy.chosen.plan.engines]
    return recipe_text(policy.text, [*voters, policy.chosen.spec])


def recipe_text(comment: str, specs: Sequence[EngineSpec]) -> str:
    """Specs as TOML that stands wherever an engine is named, below a comment."""
    lines = [f"# {sentence}" for sentence in comment.replace(". ", ".\n").splitlines()]
    for spec in specs:
        lines += ["", *_table(spec)]
    return "\n".join(lines) + "\n"


def _voters_of(run: EngineRun) -> set[str]:
    if not run.spec.is_vote or run.info is None:
        return set()
    return set(run.info.options["voters"])


def _table(spec: EngineSpec) -> list[str]:
    # JSON's strings are TOML's.
    rows = [f"[engines.{json.dumps(spec.label, ensure_ascii=False)}]", f'engine = "{spec.name}"']
    return rows + [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in spec.options]


def study_sections(analysis: Analysis) -> tuple[Section, ...]:
    """The report's tables and its chart; those with nothing to show are left out."""
    made = (
        _chart(analysis),
        _cascades(analysis),
        _domains(analysis),
        _matches(analysis),
        _extracted(analysis),
        _fields(analysis),
        _confidence(analysis),
        _confusions(analysis),
        _pages(analysis),
        _words(analysis),
    )
    return tuple(one for one in made if one.rows or one.points)


def _records(frame: Any) -> list[dict[str, Any]]:
    return [
        {key: None if value != value or value is None else value for key, value in row.items()}
        for row in frame.astype(object).where(frame.notna(), None).to_dict("records")
    ]


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * float(value), 2)


def _chart(analysis: Analysis) -> Section:
    places = {run.label: place for place, run in enumerate(analysis.study.runs)}
    points = tuple(
        Point(
            engine=places[row["engine"]],
            seconds=row["seconds_per_page"],
            cer=row["cer"],
            low=row["low"],
            high=row["high"],
            worth=bool(row["worth_its_cost"]),
        )
        for row in _records(analysis.leaderboard)
        if row["domain"] == "all" and row["seconds_per_page"] is not None
    )
    return Section(
        title="Error against cost",
        note="Filled: no engine is both better and faster. The lines are 95 % intervals. A vote costs what "
        "its voters cost together.",
        points=points if len(points) > 1 else (),
        opened=True,
    )


def _cascades(analysis: Analysis) -> Section:
    return Section(
        title="Cascades: dearer engines for pages or lines in doubt",
        note=f"{analysis.policy.text} cascade.toml has it." if analysis.policy else "",
        columns=(
            "engines that may be asked",
            "for lines alone",
            "doubt %",
            "s/page",
            "CER %",
            "% of the cost",
            "% of the gain",
        ),
        rows=tuple(
            (
                row["engines"],
                row["lines"],
                _percent(row["doubt"]),
                round(row["seconds_per_page"], 2),
                _percent(row["cer"]),
                _percent(row["share_of_cost"]),
                _percent(row["share_of_gain"]),
            )
            for row in _records(analysis.cascades)
        ),
    )


def _domains(analysis: Analysis) -> Section:
    rows = [row for row in _records(analysis.leaderboard) if row["domain"] != "all"]
    labels = [run.label for run in analysis.study.runs if any(row["engine"] == run.label for row in rows)]
    found = {(row["domain"], row["engine"]): row for row in rows}
    domains = dict.fromkeys(row["domain"] for row in rows)
    return Section(
        title="By kind of document",
        note="Character error rates in percent, the best of each kind marked, with 95 % intervals from a "
        "bootstrap over documents where there are several.",
        columns=("documents", "pages", *labels),
        rows=tuple(
            (
                domain,
                float(found[domain, labels[0]]["pages"]),
                *(_rate(found[domain, label]) for label in labels),
            )
            for domain in domains
        ),
        opened=True,
    )


def _rate(row: dict[str, Any]) -> str:
    rate, low, high = (f"{100 * row[key]:.2f}" for key in ("cer", "low", "high"))
    spread = f" ({low} to {high})" if row["documents"] > 1 else ""
    return f"{rate}{spread}{_BEST if row['best'] else ''}"


def _matches(analysis: Analysis) -> Section:
    return Section(
        title="Engine against engine",
        note="Errors of the first by those of the second on the same documents. p is from a paired "
        "bootstrap, corrected for the number of matches (Holm); above .05 the two cannot be told apart here.",
        columns=("first", "second", "ratio of errors", "from", "to", "p, corrected", ""),
        rows=tuple(
            (
                row["first"],
                row["second"],
                round(row["ratio"], 3),
                round(row["low"], 3),
                round(row["high"], 3),
                round(row["corrected"], 4),
                "" if row["differs"] else "alike",
            )
            for row in _records(analysis.matches)
        ),
    )


def _fields(analysis: Analysis) -> Section:
    return Section(
        title="Fields read exactly",
        note="Dates, amounts, codes and names are found in the ground truth by their shape.",
        columns=("engine", "kind", "in the documents", "read", "%"),
        rows=tuple(
            (row["engine"], row["kind"], float(row["total"]), float(row["right"]), _percent(row["share"]))
            for row in _records(analysis.fields)
            if row["total"]
        ),
    )


def _extracted(analysis: Analysis) -> Section:
    return Section(
        title="Fields taken out",
        note="Of the fields that the manifest tells of its pages, how many were found, and found rightly.",
        columns=("engine", "field", "in the documents", "found", "right", "precision %", "recall %", "F1 %"),
        rows=tuple(
            (
                row["engine"],
                row["field"],
                *(float(row[key]) for key in ("expected", "found", "right")),
                *(_percent(row[key]) for key in ("precision", "recall", "f1")),
            )
            for row in _records(analysis.extracted)
        ),
        opened=True,
    )


def _confidence(analysis: Analysis) -> Section:
    return Section(
        title="How far confidences can be believed",
        note="Expected calibration error: by how much confidence and the share of right words differ, 0 is "
        "honest. Errors found: of the tenth of words that an engine is least sure of, how many are wrong, as "
        "a share of the most that could be.",
        columns=("engine", "words", "expected calibration error", "errors found %"),
        rows=tuple(
            (
                row["engine"],
                float(row["words"]),
                round(row["calibration_error"], 3),
                _percent(row["first_tenth"]),
            )
            for row in _records(analysis.confidence)
        ),
    )


def _confusions(analysis: Analysis) -> Section:
    shown: dict[str, int] = {}
    rows = []
    for row in _records(analysis.confusions):
        shown[row["engine"]] = shown.get(row["engine"], 0) + 1
        if shown[row["engine"]] <= _CONFUSIONS_SHOWN:
            rows.append((row["engine"], _quoted(row["truth"]), _quoted(row["read"]), float(row["count"])))
    return Section(
        title="What is taken for what",
        columns=("engine", "truth", "read", "times"),
        rows=tuple(rows),
    )


def _quoted(text: str) -> str:
    return text.replace(" ", "\u2423") or "(nothing)"


def _pages(analysis: Analysis) -> Section:
    rows = _records(analysis.pages)
    labels = list(dict.fromkeys(row["engine"] for row in rows))
    told: dict[str, dict[str, str]] = {}
    for row in rows:
        rate, low, high = (f"{100 * row[key]:.1f}" for key in ("expected", "low", "high"))
        told.setdefault(row["id"], {})[row["engine"]] = f"{rate} ({low} to {high})"
    return Section(
        title="Pages to look at first",
        note="Character error rates in percent that are expected from how the readings differ, without "
        "ground truth, with 95 % intervals from a bootstrap over lines. Errors that engines share are not "
        "seen, so real rates are higher.",
        columns=("page", *labels),
        rows=tuple(
            (page, *(rates.get(label) for label in labels))
            for page, rates in list(told.items())[:_PAGES_SHOWN]
        ),
        opened=analysis.recommendation is None,
    )


def _words(analysis: Analysis) -> Section:
    rows = _records(analysis.words)[:_WORDS_SHOWN]
    engine = rows[0]["engine"] if rows else ""
    return Section(
        title="Words to look at first",
        note=f"What {engine} is least sure of; tables/words.csv has the rest.",
        columns=("page", "line", "word", "probability"),
        rows=tuple(
            (row["id"], float(row["line"] + 1), row["text"], round(row["probability"], 3)) for row in rows
        ),
    )
