"""Cascades: which pages dearer engines are asked for, as fitted to what engines have read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from running import ocr

from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.document import Line, Page, Provenance, Word
from ocr_plugins.engine import Capabilities, EngineInfo
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.policy import ENOUGH, Budget, Policy, fit_policy
from ocr_plugins.runs import EngineRun, Study, score_item
from ocr_plugins.source import text_ref
from ocr_plugins.spec import EngineSpec, parse_specs

TEXT = "the quick brown fox jumps over the lazy dog and reads modern letters of old times"
WORDS = TEXT.split()
# Seconds a page, and how often a word is wrong on a page that is hard.
ENGINES = {"cheap": (1.0, 0.5), "fair": (2.0, 0.4), "dear": (10.0, 0.1)}


def read(rng: random.Random, often: float) -> Line:
    """A reading that is less sure where it is wrong."""
    words = []
    for text in WORDS:
        wrong = rng.random() < often
        said = text.replace("o", "0").replace("e", "c").replace("s", "5") if wrong else text
        words.append(Word(text=said, confidence=0.4 if wrong else 0.97, confidence_kind="test"))
    return Line.of_words(words, confidence=0.4, confidence_kind="test")


def studied(pages: int, hard: int = 4, *, truth: bool = True) -> Study:
    """Of ``pages`` pages every ``hard``-th is hard to read; the others no engine reads wrong."""
    rng = random.Random(11)
    items = tuple(
        Item(ref=text_ref(f"p{number}", "page"), truth=TEXT if truth else None) for number in range(pages)
    )
    study = Study(corpus=Corpus(items=items), convention=get_convention("default"))
    for name, (seconds, often) in ENGINES.items():
        info = EngineInfo(
            name=name,
            version="1",
            spec=name,
            options={},
            weights={},
            capabilities=Capabilities(gives=("lines", "words"), confidence_kind="test"),
        )
        run = EngineRun(spec=EngineSpec(name), info=info)
        for number, item in enumerate(items):
            line = read(rng, often if number % hard == 0 else 0.0)
            page = Page(source="", page=1, size=None, lines=(line,), id=item.id)
            run.results[item.id] = _timed(page, info.provenance(seconds))
            if truth:
                run.scores[item.id] = score_item(item, run.results[item.id], study.convention)
        study.runs.append(run)
    return study


def _timed(page: Page, provenance: Provenance) -> Page:
    return Page(
        source=page.source, page=page.page, size=None, lines=page.lines, id=page.id, provenance=provenance
    )


def fitted(study: Study, budget: str | None = None) -> Policy:
    policy = fit_policy(study, Budget.parse(budget) if budget else None)
    assert policy is not None
    return policy


def test_easy_pages_are_left_to_cheap_engines() -> None:
    policy = fitted(studied(40), "100%")
    assert policy.chosen.engines == ("cheap", "fair", "dear")
    # The ten hard pages cost 13 s, the others hardly more than the cheapest engine's.
    assert policy.chosen.cost < 0.5
    ((name, doubt),) = policy.chosen.spec.options
    assert name == "doubt"
    assert 0 <= float(doubt) <= 1
    assert parse_specs(str(policy.chosen.spec))[0].is_cascade


def test_a_budget_is_kept() -> None:
    study = studied(40)
    for text, most in (("1.5", 1.5), ("5", 5.0), ("20%", 2.6)):
        assert fitted(study, text).chosen.seconds <= most
    assert fitted(study, "1").chosen.engines == ("cheap",)
    # Less than the cheapest engine takes cannot be had.
    assert fitted(study, "0.1").chosen.seconds == pytest.approx(1.0)
    rates = [fitted(study, text).chosen.cer for text in ("1", "3", "5")]
    assert rates == sorted(rates, reverse=True)


def test_the_front_runs_from_cheap_to_dear() -> None:
    others = fitted(studied(40), "100%").others
    assert [one.seconds for one in others] == sorted(one.seconds for one in others)
    assert [one.cer for one in others] == sorted((one.cer for one in others), reverse=True)


def test_nearly_all_of_the_gain_is_kept_where_there_is_one() -> None:
    policy = fit_policy(studied(60))
    if policy is not None:
        assert policy.chosen.gain is not None
        assert policy.chosen.gain >= ENOUGH
        assert "of what all engines take" in policy.text


def test_what_was_fitted_is_held_against_other_documents() -> None:
    assert fitted(studied(40), "30%").held_out is not None
    assert fitted(studied(3, hard=2), "30%").held_out is None


def test_nothing_to_fit_to() -> None:
    assert fit_policy(studied(10, truth=False)) is None
    study = studied(10)
    del study.runs[1:]
    assert fit_policy(study) is None


@pytest.mark.parametrize("text", ["much", "-3", "0", "120%", "nan", ""])
def test_a_wrong_budget_is_named(text: str) -> None:
    with pytest.raises(CallError, match="no budget"):
        Budget.parse(text)


def test_the_command_tells_a_wrong_budget(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    done = ocr("study", tmp_path, "--engines", "null", "--budget", "lots", "--out", tmp_path / "out", "-q")
    assert done.status == 2
    assert "'lots' is no budget" in done.err
    assert "Traceback" not in done.err
