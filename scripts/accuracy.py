"""How much better the vote is than the best engine, and what can be told without ground truth.

    python scripts/accuracy.py --write

Reads real corpora with several engines (hours the first time; what was read is kept, so the same command goes
on after a stop), votes, and prints the tables of docs/ACCURACY.md. The corpora are not part of this
repository; OCR_PLUGINS_CORPORA names their folder.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import marked_tables
import numpy as np
from corpora import FAST, ROOT, TITLES, convention_of, place_of

from ocr_plugins.analysis.reliability import Reliability, reliability
from ocr_plugins.api import run_engines
from ocr_plugins.calibrating import calibrate_by_vote, calibrations, judged_words
from ocr_plugins.console import ProgressShower
from ocr_plugins.corpus import Item
from ocr_plugins.document import Word
from ocr_plugins.ensemble.calibration import expected_error
from ocr_plugins.evaluation import PageScore
from ocr_plugins.evaluation.uncertainty import Contest, Sampled
from ocr_plugins.policy import Policy, Tried, policy_of
from ocr_plugins.polls import seconds_of
from ocr_plugins.ranked import estimate_pages, rank_study
from ocr_plugins.recommended import error_count, oracle_rate
from ocr_plugins.runs import EngineRun, Study, Watcher, score_item
from ocr_plugins.spec import parse_spec
from ocr_plugins.trials import Trial, partings_of
from ocr_plugins.vote_options import Trust, fingerprints_of, shipped_trust

ENGINES = (
    "tesseract",
    *FAST,
    "rapidocr",
    "crnn",
    "easyocr=easyocr:timeout=1500",
    "keras-ocr=keras-ocr:timeout=1500",
)
VOTES = ("vote", "confidence=vote:method=confidence", "majority=vote:method=majority")
IN_ORDER = ("unlv", "oldbooks", "ehri_typed_en", "fondue_en_print")
ANY_ORDER = ("funsd", "sroie", "scribe_benchmark", "icdar2013_born_digital")
CROPS = ("iiit5k_words", "svt_words", "icdar2015_words")
HANDWRITING = ("stanford_letters", "hooker_lines", "handwritten_note_words", "doctor_words")
PLATES = "plates_crops"
TEXTS = "oldbooks_engine_outputs"
TEXT_ENGINES = ("dai", "textract", "tesseract")
START = "<!-- table: make accuracy -->"


@dataclass(frozen=True)
class Found:
    """A corpus that was read: errors a page by engine and vote, in its measure."""

    name: str
    study: Study
    items: list[Item]
    errors: dict[str, list[float]]
    lengths: list[float]

    @property
    def sampled(self) -> Sampled:
        return Sampled.of([item.document for item in self.items])

    @property
    def engines(self) -> list[EngineRun]:
        return [run for run in self.study.runs if not run.spec.is_vote and run.label in self.errors]

    @property
    def best(self) -> str:
        return min((run.label for run in self.engines), key=lambda label: sum(self.errors[label]))

    def rate(self, label: str) -> float:
        return sum(self.errors[label]) / max(sum(self.lengths), 1.0)

    def against_best(self, label: str) -> Contest:
        return self.sampled.contest(self.errors[label], self.errors[self.best])


def read(name: str, engines: Sequence[str], votes: Sequence[str], limit: int, watcher: Watcher) -> Found:
    study = run_engines(
        str(place_of(name)),
        ",".join([*engines, *votes]),
        convention=convention_of(name),
        limit=limit,
        store=True,
        watcher=watcher,
    )
    if study.interrupted:
        raise SystemExit(130)
    return found_in(name, study, list(study.corpus.items))


def found_in(name: str, study: Study, items: list[Item]) -> Found:
    count = measure_of(name)
    errors = {}
    for run in study.runs:
        if run.error:
            print(f"{name}: {run.label} left out: {run.error}")
            continue
        scores = [run.scores[item.id] for item in items]
        errors[run.label] = [count(score) for score in scores]
        lengths = [float(score.char_length) for score in scores]
    return Found(name, study, items, errors, lengths)


def measure_of(name: str) -> Callable[[PageScore], float]:
    """How the errors of a corpus are counted."""
    return order_free if name in ANY_ORDER else error_count


def order_free(score: PageScore) -> float:
    return float(score.order_free_errors or 0)


def shown(contest: Contest) -> str:
    return f"{contest.ratio.value:.2f} ({contest.ratio.low:.2f} to {contest.ratio.high:.2f})"


def geometric(ratios: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def votes_table(found: Sequence[Found], votes: Sequence[str]) -> list[str]:
    labels = [vote.split("=")[0] for vote in votes]
    titles = " | ".join(f"{label}: CER %, of its errors" for label in labels)
    lines = [
        f"| documents (pages) | best engine, CER % | {titles} | best possible |",
        f"|---|---|{'---|' * len(labels)}---|",
    ]
    for one in found:
        cells = [f"{100 * one.rate(label):.2f}, {shown(one.against_best(label))}" for label in labels]
        perfect = oracle_rate(one.study) if one.name not in ANY_ORDER else None
        lines.append(
            f"| {TITLES.get(one.name, one.name)}: {one.name} ({len(one.items)}) | {one.best} "
            f"{100 * one.rate(one.best):.2f} | {' | '.join(cells)} "
            f"| {f'{100 * perfect.value:.2f}' if perfect else ''} |"
        )
    means = [geometric([one.against_best(label).ratio.value for one in found]) for label in labels]
    lines.append(f"| geometric mean of the ratios | | {' | '.join(f'**{mean:.3f}**' for mean in means)} | |")
    return lines


def plates_table(found: Found) -> list[str]:
    """The share of number plates that each reading holds; O is taken for 0, and I for 1."""
    labels = list(found.errors)
    lines = [f"| documents | {' | '.join(labels)} |", f"|---|{'---|' * len(labels)}"]
    runs = {run.label: run for run in found.study.runs}
    shares = [
        sum(
            plate(item.truth or "") in plate(result.text) for item, result in found.study.read_with_truth(run)
        )
        / len(found.items)
        for run in map(runs.__getitem__, labels)
    ]
    lines.append(
        f"| {found.name} ({len(found.items)}) | {' | '.join(f'{100 * one:.0f} %' for one in shares)} |"
    )
    return lines


def plate(text: str) -> str:
    kept = "".join(character for character in text.upper() if character.isalnum())
    return kept.translate(str.maketrans("OI", "01"))


def conditions_table(found: Found, votes: Sequence[str]) -> list[str]:
    """The text-only corpus by what was done to its pages."""
    labels = [vote.split("=")[0] for vote in votes]
    conditions: dict[str, list[Item]] = {}
    for item in found.items:
        conditions.setdefault(item.id.split("/")[0], []).append(item)
    parts = [found_in(found.name, found.study, items) for items in conditions.values()]
    lines = [
        f"| condition (pages) | best engine, CER % | {' | '.join(labels)} |",
        f"|---|---|{'---|' * len(labels)}",
    ]
    for name, part in zip(conditions, parts, strict=True):
        cells = [shown(part.against_best(label)) for label in labels]
        best = f"{part.best} {100 * part.rate(part.best):.2f}"
        lines.append(f"| {name} ({len(part.items)}) | {best} | {' | '.join(cells)} |")
    means = [geometric([part.against_best(label).ratio.value for part in parts]) for label in labels]
    lines.append(f"| geometric mean | | {' | '.join(f'**{mean:.3f}**' for mean in means)} |")
    return lines


def unknown_table(found: Sequence[Found]) -> list[str]:
    """What is told without ground truth, against it."""
    lines = [
        "| documents | chosen | its CER % | best | its CER % | rank correlation over pages |",
        "|---|---|---|---|---|---|",
    ]
    near = 0
    everything: list[tuple[float, float]] = []
    for one in found:
        rates = expected_and_true(one)
        everything += rates
        ranked = rank_study(one.study)
        chosen = next(iter(ranked), "")
        near += one.rate(chosen) <= 1.05 * one.rate(one.best)
        lines.append(
            f"| {one.name} | {chosen} | {100 * one.rate(chosen):.2f} | {one.best} | "
            f"{100 * one.rate(one.best):.2f} | {correlation(rates):.2f} |"
        )
    overall = f"**{correlation(everything):.2f}**"
    lines.append(f"| best, or within 5 % of it; all pages | **{near} of {len(found)}** | | | | {overall} |")
    return lines


def expected_and_true(found: Found) -> list[tuple[float, float]]:
    """Error rates of each engine on each page: as expected without ground truth, and by it."""
    pages = estimate_pages(found.study, samples=0)
    return [
        (pages[item.id].rate(label), found.errors[label][place] / max(found.lengths[place], 1.0))
        for place, item in enumerate(found.items)
        if item.id in pages
        for label in pages[item.id].errors
    ]


def correlation(rates: Sequence[tuple[float, float]]) -> float:
    """Spearman's, of expected and true error rates."""
    expected, true = zip(*rates, strict=True) if rates else ((), ())
    if len(set(expected)) < 2 or len(set(true)) < 2:
        return math.nan
    return float(np.corrcoef(ranks(expected), ranks(true))[0, 1])


def ranks(values: Sequence[float]) -> np.ndarray:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


@dataclass(frozen=True)
class Share:
    """Of a corpus: seconds as a share of what all engines take, errors as shares of the best engine's."""

    cost: float
    errors: float
    vote: float

    @property
    def gain(self) -> float | None:
        """What of the vote's gain is kept; None where it gains nothing."""
        return (1 - self.errors) / (1 - self.vote) if self.vote < 1 else None


def cascades_table(found: Sequence[Found], cascade: Callable[[Found, Tried], Share]) -> list[str]:
    """What asking dearer engines only where there is doubt saves, and what it keeps of the vote's gain.

    Each is fitted to what the engines read of whole pages; then ``cascade`` reads the pages by it.
    """
    lines = [
        "| documents | cascade | fitted: share of cost, of gain | held out | read so |",
        "|---|---|---|---|---|",
    ]
    shares = {
        run.label: float(np.mean([share_of_cost(one, run.label) for one in found]))
        for run in found[0].engines
    }
    order = sorted(shares, key=lambda label: shares[label])
    partings = partings_of([shares[label] for label in order])
    trials = [trial_of(one, order, partings) for one in found]
    for one, trial in zip(found, trials, strict=True):
        policy = policy_of(trial, [item.document for item in one.items])
        read_so = cascade(one, policy.chosen) if policy else None
        lines.append(f"| {one.name} | {told(policy)} | {kept(read_so) if read_so else ''} |")
    documents = [f"{one.name} {item.document}" for one in found for item in one.items]
    policy = policy_of(Trial.joined(trials), documents)
    if len(found) > 1 and policy is not None:
        made = np.mean([astuple(cascade(one, policy.chosen)) for one in found], axis=0)
        lines.append(f"| **one for all of these, each alike** | {told(policy)} | {kept(Share(*made))} |")
    return lines


def cascading(engines: Sequence[str], limit: int, watcher: Watcher) -> Callable[[Found, Tried], Share]:
    """Reads a corpus by a cascade, each engine no more than it is asked for."""
    specs = {parse_spec(text).label: text for text in engines}

    def cascade(found: Found, tried: Tried) -> Share:
        asked = [*(specs[label] for label in tried.plan.engines), str(tried.spec)]
        study = run_engines(
            str(place_of(found.name)), ",".join(asked), limit=limit, store=True, watcher=watcher
        )
        results = study.runs[-1].results
        count, best = measure_of(found.name), max(sum(found.errors[found.best]), 1.0)
        errors = [count(score_item(item, results[item.id], found.study.convention)) for item in found.items]
        seconds = sum(seconds_of(results[item.id]) for item in found.items)
        whole = sum(seconds_of(run.results[item.id]) for run in found.engines for item in found.items)
        return Share(seconds / whole, sum(errors) / best, sum(found.errors["vote"]) / best)

    return cascade


def trial_of(found: Found, order: Sequence[str], partings: Sequence[int]) -> Trial:
    runs = {run.label: run for run in found.engines}
    engines = [runs[label] for label in order]
    return Trial.of(found.study, found.items, engines, measure_of(found.name), partings)


def share_of_cost(found: Found, label: str) -> float:
    seconds = {run.label: run.seconds_per_page or 0.0 for run in found.engines}
    return seconds[label] / sum(seconds.values())


def told(policy: Policy | None) -> str:
    if policy is None:
        return "the vote gains nothing | | "
    plan = policy.chosen.plan
    pages = " → ".join(plan.engines[: len(plan.engines) - len(plan.lines)])
    lines = f"; lines: {' → '.join(plan.lines)}" if plan.lines else ""
    held_out = kept(policy.held_out) if policy.held_out else ""
    return f"{pages}{lines}; {100 * plan.doubt:.1f} % | {kept(policy.chosen)} | {held_out}"


def kept(one: Tried | Share) -> str:
    """The shares of cost and of gain."""
    return f"{one.cost:.2f}, {one.gain:.2f}" if one.gain is not None else f"{one.cost:.2f}"


def confidence_table(found: Sequence[Found]) -> list[str]:
    """Expected calibration error, and errors among the tenth of words that are least sure.

    Of engines first by the package's calibrations, then by those that the vote gives on these very pages.
    """
    labels = list(found[0].errors)
    lines = [
        f"| documents (words) | {' | '.join(labels)} | by chance |",
        f"|---|{'---|' * (len(labels) + 1)}",
    ]
    for one in found:
        fingerprints = fingerprints_of(one.study.runs)
        runs = {run.label: run for run in one.study.runs if not run.error}
        maps = calibrations(calibrate_by_vote(one.study, runs["vote"]).fits)
        by_vote = Trust({label: maps.of(fingerprint) for label, fingerprint in fingerprints.items()})
        judged = {label: words(one, run) for label, run in runs.items()}
        cells = []
        for label in labels:
            if label not in runs:
                cells.append("-")
                continue
            trusts = [None] if runs[label].spec.is_vote else [shipped_trust(fingerprints), by_vote]
            told = [reliability(calibrated(judged[label], label, trust)) for trust in trusts]
            cells.append(confidence_cell([error for error in told if error]))
        chances = [by_chance(calibrated(judged[run.label], run.label, by_vote)) for run in one.engines]
        chance = f"{np.mean(chances):.3f}"
        lines.append(f"| {one.name} ({len(judged['vote'])}) | {' | '.join(cells)} | {chance} |")
    return lines


def by_chance(judged: Sequence[tuple[float, bool]], times: int = 50) -> float:
    """The error that would be measured if the probabilities of these words were just right."""
    sure = [probability for probability, _ in judged]
    rng = np.random.default_rng(7)
    drawn = rng.random((times, len(sure))) < np.array(sure)
    return float(np.mean([expected_error(sure, right.tolist()) for right in drawn]))


def confidence_cell(found: Sequence[Reliability]) -> str:
    if not found:
        return "-"
    errors = " → ".join(f"{one.error:.3f}" for one in found)
    return f"{errors}, {100 * (found[-1].first_tenth or 1):.0f} %"


def words(found: Found, run: EngineRun) -> list[tuple[Word, bool]]:
    """What a run read, with whether the word is right."""
    return [one for _, judged in judged_words(found.study, run) for one in judged]


def calibrated(
    judged: Sequence[tuple[Word, bool]], label: str, trust: Trust | None
) -> list[tuple[float, bool]]:
    """The words' probabilities: by calibrations, or as a vote says them."""
    return [((trust(label, [word]) if trust else word.confidence) or 0.0, right) for word, right in judged]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--limit", type=int, default=20, help="pages of each corpus")
    parser.add_argument("--crops", type=int, default=250, help="words of each corpus of words")
    parser.add_argument(
        "--texts", type=int, default=396, help="pages of the text-only corpus; 0 leaves it out"
    )
    parser.add_argument("--only", default="", help="corpora, joined by commas")
    parser.add_argument("--model", type=Path, help="a voter of `ocr-plugins train voter`, voting besides")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/ACCURACY.md")
    arguments = parser.parse_args()
    engines, watcher = arguments.engines.split(","), ProgressShower()
    votes = list(VOTES)
    if arguments.model:
        votes.append(f"learned=vote:method=learned:model={arguments.model}")
    wanted = arguments.only.split(",") if arguments.only else [*IN_ORDER, *ANY_ORDER, *CROPS]
    found = {
        name: read(name, engines, votes, arguments.crops if name in CROPS else arguments.limit, watcher)
        for name in wanted
    }
    pages = [one for name, one in found.items() if name not in CROPS]
    crops = [one for name, one in found.items() if name in CROPS]
    parts = ["### The vote against the best engine", ""]
    parts += ["Whole pages:", "", *votes_table(pages, votes), ""] if pages else []
    parts += ["Words cut out:", "", *votes_table(crops, votes), ""] if crops else []
    if not arguments.only:
        apart = {
            name: read(name, engines, votes, arguments.crops, watcher) for name in (*HANDWRITING, PLATES)
        }
        parts += ["Handwriting, which none of these engines was made for:", ""]
        parts += [*votes_table([apart[name] for name in HANDWRITING], votes), ""]
        parts += ["Number plates, the share that was read:", "", *plates_table(apart[PLATES]), ""]
    if arguments.texts and not arguments.only:
        path = place_of(TEXTS) / "manifest.jsonl"
        cloud = [f"{name}=files:path={path}:field=outputs.{name}" for name in TEXT_ENGINES]
        texts = read(TEXTS, cloud, votes, arguments.texts, watcher)
        parts += ["Three cloud engines' texts alone:", "", *conditions_table(texts, votes), ""]
    parts += ["### Without ground truth", "", *unknown_table(list(found.values())), ""]
    cascade = cascading(engines, arguments.limit, watcher)
    parts += ["### Cascades", "", *cascades_table(pages, cascade), ""] if pages else []
    parts += ["### Confidences: expected calibration error, errors among the tenth shown first", ""]
    parts += confidence_table(pages or crops)
    text = "\n".join(parts)
    print(text)
    if arguments.write:
        marked_tables.put(text, ROOT / "docs" / "ACCURACY.md", START)


if __name__ == "__main__":
    main()
