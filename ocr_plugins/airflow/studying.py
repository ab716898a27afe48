"""A run as a study: which engine to take, told from run to run, and which one is taken until then.

Of each study a row stays at the place, ``studies/NAME/RUN.json``, so that engines can be followed over time.
What was chosen lies in ``choices/NAME``: ``choice.json``, and ``recipe.toml`` for all that names engines.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocr_plugins.airflow.of_run import plan_of_run, results_of_run, study_of_run
from ocr_plugins.airflow.places import Place, safe_name
from ocr_plugins.analysing import Analysis, analyse
from ocr_plugins.corpus import Item
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import Convention
from ocr_plugins.evaluation.uncertainty import Contest, Sampled
from ocr_plugins.policy import Budget
from ocr_plugins.ranked import rank_study
from ocr_plugins.recommended import character_errors, scored
from ocr_plugins.runs import EngineRun, Study, Watcher
from ocr_plugins.spec import EngineSpec, parse_specs
from ocr_plugins.study_outputs import recipe_text, specs_for, write_study
from ocr_plugins.voted import run_vote

_SCHEMA_VERSION = 1
# Without ground truth: in so many of the samples no other engine is expected to be better.
_SURE = 0.95


def study_run(
    place: Place,
    run: str,
    name: str,
    when: str,
    convention: Convention,
    truths: Mapping[str, Item],
    budget: Budget | None = None,
) -> dict[str, Any]:
    """Analyses what engines read in a run; the report goes to the run's folder, a row to the study's.

    Args:
        run: the run's folder.
        name: of the study; runs of one name are compared over time.
        when: the run's date, ISO 8601.
        truths: ground truth by page ids or sources. Without any, engines are ranked by how they agree.
        budget: of the cascade that is fitted.

    Returns:
        The row: ``take`` is the label of what the study would take, ``by`` whether ``truth`` or
        ``agreement`` says so, and ``engines`` has by label the specs it takes, ``cer`` with its interval,
        ``seconds_per_page``, and ``ratio``: the errors of what was taken by those of this one.

    Raises:
        CallError: nothing was planned in the run, fewer than two engines read all of it, or a file of results
            is gone.
    """
    references, planned = results_of_run(place, run), plan_of_run(place, run)
    study = study_of_run(place, planned, references, convention, truths)
    if len(study.runs) < 2:
        raise CallError(
            "fewer than two engines have read all batches", "see the tasks that failed, and clear them"
        )
    for spec in parse_specs(planned["engines"]):
        if spec.is_vote:
            _hold(study, spec)
    analysis = analyse(study, budget)
    row = {
        "schema_version": _SCHEMA_VERSION,
        "name": name,
        "run": run,
        "when": when,
        "pages": len(study.corpus.items),
        "convention": study.convention.name,
        **_taken(analysis),
    }
    with tempfile.TemporaryDirectory(prefix="ocr-plugins-") as folder:
        write_study(analysis, Path(folder))
        if row["by"] == "agreement":
            specs = row["engines"][row["take"]]["specs"]
            Path(folder, "recipe.toml").write_text(recipe_text(row["text"], parse_specs(specs)))
        place.upload(Path(folder), f"{run}/study")
    place.write_json(f"studies/{safe_name(name)}/{safe_name(run)}.json", row)
    return row


def _hold(study: Study, spec: EngineSpec) -> None:
    run_vote(study, spec, Watcher())
    if study.runs[-1].error is not None:
        # What voters did not all read cannot be voted on; the study is of the others.
        study.runs.pop()


def _taken(analysis: Analysis) -> dict[str, Any]:
    """What to take, why, and how the others stand against it."""
    study, found = analysis.study, analysis.recommendation
    runs = {run.label: run for run in study.runs}
    if found is None:
        return _by_agreement(study, runs)
    items, ranked = scored(study)
    sampled = Sampled.of([item.document for item in items])
    pages = [item.id for item in items]
    errors = {run.label: character_errors(run, pages) for run in ranked}
    engines = {
        one.label: {
            "specs": _specs(study, runs[one.label]),
            "cer": one.cer.value,
            "low": one.cer.low,
            "high": one.cer.high,
            "seconds_per_page": one.seconds,
            "ratio": _ratio(sampled.contest(errors[found.take], errors[one.label])),
        }
        for one in (*found.engines, *found.votes)
    }
    return {
        "by": "truth",
        "pages_with_truth": len(items),
        "take": found.take,
        "text": found.text,
        "engines": engines,
    }


def _ratio(contest: Contest) -> dict[str, float]:
    return {"value": contest.ratio.value, "low": contest.ratio.low, "high": contest.ratio.high}


def _by_agreement(study: Study, runs: Mapping[str, EngineRun]) -> dict[str, Any]:
    ranked = rank_study(study)
    if not ranked:
        raise CallError("the engines have read no text", "name inputs that have some")
    take, best = next(iter(ranked.items()))
    engines = {}
    for label, one in ranked.items():
        value = best.cer / one.cer if one.cer else 1.0
        # Both rates come from the same samples, so their intervals would tell less than they know.
        high = value if best.best >= _SURE else max(1.0, value)
        engines[label] = {
            "specs": _specs(study, runs[label]),
            "cer": one.cer,
            "low": one.low,
            "high": one.high,
            "seconds_per_page": runs[label].seconds_per_page,
            "ratio": {"value": value, "low": value, "high": high},
        }
    text = (
        f"Take {take}. Without ground truth it is expected to make the fewest errors: CER "
        f"{100 * best.cer:.1f} % ({100 * best.low:.1f} to {100 * best.high:.1f}), in "
        f"{100 * best.best:.0f} % of the samples no engine does better. "
        "Errors that engines share are not seen."
    )
    return {"by": "agreement", "pages_with_truth": 0, "take": take, "text": text, "engines": engines}


def _specs(study: Study, run: EngineRun) -> list[str]:
    return [str(spec) for spec in specs_for(study, run)]


def choose(place: Place, row: Mapping[str, Any], threshold: float) -> dict[str, Any]:
    """What is taken from now on: what a study would take, if that is surely and enough better than before.

    Args:
        row: what `study_run` returned.
        threshold: share of the errors that a switch must save, 0 to 1.

    Returns:
        The choice, as it lies at the place: ``take``, ``specs``, ``recipe`` (a file of the place),
        ``switched`` and ``reason``.
    """
    if not 0 <= threshold < 1:
        raise CallError(
            f"a threshold of {threshold} is no share of errors", "give 0 to below 1, as .05 for 5 %"
        )
    folder = f"choices/{safe_name(row['name'])}"
    before = place.read_json(f"{folder}/choice.json")
    take = row["take"]
    switched, reason = _compared(row, before, threshold)
    if switched or before is None:
        specs = row["engines"][take]["specs"]
        recipe = recipe_text(row["text"], parse_specs(specs))
        place.write(f"{folder}/recipe.toml", recipe.encode())
        chosen = {"take": take, "specs": specs, "since": row["when"], "run": row["run"]}
    else:
        chosen = {key: before[key] for key in ("take", "specs", "since", "run")}
    told = {
        "schema_version": _SCHEMA_VERSION,
        "name": row["name"],
        **chosen,
        "recipe": f"{folder}/recipe.toml",
    }
    place.write_json(f"{folder}/choice.json", told)
    told |= {"switched": switched, "reason": reason}
    place.write_json(f"{folder}/history/{safe_name(row['run'])}.json", told | {"when": row["when"]})
    return told


def _compared(row: Mapping[str, Any], before: Mapping[str, Any] | None, threshold: float) -> tuple[bool, str]:
    take, engines = row["take"], row["engines"]
    if before is None:
        return True, f"{take} is the first choice"
    if before.get("run") == row["run"]:
        # A task that is tried again finds what it has done.
        return True, f"{take} was chosen by this run"
    if engines[take]["specs"] == before["specs"]:
        return False, f"{take} is still to be taken"
    known = next((label for label, one in engines.items() if one["specs"] == before["specs"]), None)
    if known is None:
        return (
            False,
            f"{before['take']} was not among the engines of this study, so nothing tells if it is worse",
        )
    ratio = engines[known]["ratio"]
    saves = f"{take} makes {100 * (1 - ratio['value']):.0f} % fewer errors than {known}"
    if ratio["high"] >= 1:
        return False, f"{saves}, which may be chance"
    if 1 - ratio["value"] < threshold:
        return False, f"{saves}, less than the {100 * threshold:.0f} % that a switch must save"
    return True, saves
