"""The learned vote: what tells of a candidate, the models' files, fitting, and the command that does it."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import ocr
from test_ensemble_alignment import page, text_only

from ocr_plugins.document import Page, Word
from ocr_plugins.ensemble import shipped
from ocr_plugins.ensemble.alignment import align_pages
from ocr_plugins.ensemble.features import NAMES, Described, Describer, misshapen
from ocr_plugins.ensemble.learned import CERTAINTY_NAMES, Learned, VoterModel
from ocr_plugins.ensemble.vote import Vote, vote
from ocr_plugins.ensemble.voter_training import Example, examples, fit_voter
from ocr_plugins.ensemble.voters import choose_voters
from ocr_plugins.errors import CallError, EngineUnavailableError

TEXT = "The quick brown fox jumps over the lazy dog and reads modern letters of 1984"


def evenly(_: str, words: Sequence[Word]) -> float:
    return 0.9 if words else 0.5


def describer(**expected: float) -> Describer:
    return Describer(evenly, expected, shipped.shipped_words())


def of(**choice: float) -> VoterModel:
    return VoterModel(
        choice={name: choice.get(name, 0.0) for name in NAMES},
        certainty={name: float(name == "votes") for name in CERTAINTY_NAMES},
        intercept=0.0,
    )


def described(texts: Sequence[str], **expected: float) -> dict[str, dict[str, float]]:
    """The features of the only cell's candidates, by candidate."""
    voters = choose_voters({f"e{number}": text_only(text) for number, text in enumerate(texts)})
    (line,) = align_pages(list(voters.pages.values()))
    (cell,) = line.cells
    found = describer(**expected)(cell, line, voters)
    return {
        text: dict(zip(NAMES, row, strict=True))
        for text, row in zip(found.texts, found.features.tolist(), strict=True)
    }


# --- what tells of a candidate ---


def test_who_says_it_and_how_good_they_are() -> None:
    found = described(["modern", "modem", "modem"], e0=0.01, e1=0.1, e2=0.1)
    right, wrong = found["modern"], found["modem"]
    assert right["votes"] == pytest.approx(1 / 3)
    assert wrong["votes"] == pytest.approx(2 / 3)
    assert right["quality"] > wrong["quality"]
    assert (right["behind"], right["best_says"], wrong["best_says"]) == (0, 1, 0)
    assert wrong["behind"] > 1
    assert wrong["majority"] == 1


def test_spelling_prefers_words() -> None:
    found = described(["brown", "brovvn", "br0wn"])
    assert found["brown"]["spelling"] == 0
    assert found["brovvn"]["spelling"] < -2
    assert found["br0wn"]["misshapen"] == 2


def test_nothing_is_a_candidate_too() -> None:
    clean = page(("a line of print", 10, 10))
    voters = choose_voters(
        {"e0": clean, "e1": clean, "e2": page(("a line of print", 10, 10), ("~~|", 10, 60))}
    )
    line = align_pages(list(voters.pages.values()))[-1]
    found = describer()(line.cells[0], line, voters)
    rows = dict(zip(found.texts, found.features.tolist(), strict=True))
    nothing = dict(zip(NAMES, rows[""], strict=True))
    assert nothing["nothing"] == 1
    assert nothing["nothing_votes"] == nothing["nothing_lines"] == pytest.approx(2 / 3)
    assert nothing["nothing_against_one"] == 1
    assert dict(zip(NAMES, rows["~~|"], strict=True))["signs"] == 3


@pytest.mark.parametrize(("text", "count"), [("l984", 1), ("Smith's", 0), ("oF", 1), ("A4", 1), ("", 0)])
def test_misshapen(text: str, count: int) -> None:
    assert misshapen(text) == count


@given(st.lists(st.text("ab1 אבg\u0301|~", max_size=12), min_size=2, max_size=4))
def test_all_features_are_finite_whatever_is_read(texts: list[str]) -> None:
    voters = choose_voters({f"e{number}": text_only(text) for number, text in enumerate(texts)})
    for line in align_pages(list(voters.pages.values())):
        for cell in line.cells:
            found = describer(e0=0.0, e1=1.0)(cell, line, voters)
            assert set(cell.strings) <= set(found.texts)
            assert abs(found.features).max() < 1000


# --- the vote ---


def test_the_candidate_that_weighs_most_is_taken() -> None:
    readings = {"e0": text_only("modern"), "e1": text_only("modem"), "e2": text_only("modem")}
    by_votes = vote(readings, Learned(of(votes=5.0), describer()))
    by_quality = vote(readings, Learned(of(quality=5.0), describer(e0=0.01, e1=0.1, e2=0.1)))
    assert isinstance(by_votes, Vote)
    assert isinstance(by_quality, Vote)
    assert (by_votes.page.text, by_quality.page.text) == ("modem", "modern")
    (word,) = by_quality.words
    assert sum(word.scores.values()) == pytest.approx(1)
    assert list(word.scores) == ["modern", "modem"]
    assert by_quality.method == "learned"
    (read,) = by_quality.page.lines[0].words
    assert read.confidence_kind == "vote-learned"


@given(st.lists(st.text("ab1 אבg\u0301|~\n", max_size=30), min_size=1, max_size=4))
def test_every_word_is_some_reading_or_put_together_of_them(texts: list[str]) -> None:
    readings = {str(number): text_only(text) for number, text in enumerate(texts)}
    found = vote(readings, Learned(of(votes=1.0, spelling=0.2, nothing=-0.5), describer()))
    assert isinstance(found, Vote)
    letters = set("".join(texts)) | {" ", "\n"}
    assert set(found.page.text) <= letters
    if len(set(texts)) == 1:
        assert found.page.text.split() == texts[0].split()
    assert all(0 <= word.probability <= 1 for word in found.words)


# --- files ---


def test_a_file_keeps_the_model(tmp_path: Path) -> None:
    model = of(votes=2.0, spelling=0.25)
    model.save(tmp_path / "new" / "v.json")
    assert VoterModel.load(tmp_path / "new" / "v.json") == model


@pytest.mark.parametrize("change", [{"version": 9}, {"choice": {}}, {"intercept": "x"}, {"format": "other"}])
def test_other_files_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    of().save(tmp_path / "v.json")
    data = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    (tmp_path / "v.json").write_text(json.dumps({**data, **change}), encoding="utf-8")
    with pytest.raises(EngineUnavailableError, match="no voter of this release"):
        VoterModel.load(tmp_path / "v.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"v.json cannot be read"):
        VoterModel.load(tmp_path / "v.json")


def test_what_is_shipped_is_checked_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "calibrations.json"
    changed.write_bytes(shipped.CALIBRATIONS.read_bytes() + b" ")
    monkeypatch.setitem(shipped.SHA256, changed, shipped.SHA256[shipped.CALIBRATIONS])
    monkeypatch.setattr(shipped, "CALIBRATIONS", changed)
    with pytest.raises(EngineUnavailableError, match="is not the known one"):
        shipped.shipped_calibrations.__wrapped__()


def test_engines_as_they_come_have_a_calibration() -> None:
    known = shipped.shipped_calibrations().by_fingerprint.values()
    assert {one.engine for one in known} == {"tesseract", "rapidocr", "crnn"}
    assert all(one.words > 10_000 for one in known)


# --- fitting ---


def spoiled(text: str, rng: random.Random, often: float) -> str:
    """A reading with wrong letters, which its engine takes for others of like shape."""
    alike = {"o": "0", "l": "1", "e": "c", "n": "u", "d": "cl", "m": "rn", "t": "f"}
    return "".join(alike.get(letter, letter) if rng.random() < often else letter for letter in text)


def count_right(text: str) -> int:
    return sum(one == other for one, other in zip(text.split(), TEXT.split(), strict=False))


def pages_of(rng: random.Random, rates: dict[str, float]) -> dict[str, Page]:
    return {label: text_only(spoiled(TEXT, rng, rate)) for label, rate in rates.items()}


def groups_of(count: int, rates: dict[str, float]) -> dict[str, list[Example]]:
    rng = random.Random(7)
    return {
        f"page {number}": examples(pages_of(rng, rates), TEXT, describer(**rates)) for number in range(count)
    }


def test_a_fitted_voter_is_better_than_the_best_engine_on_new_pages() -> None:
    rates = {"good": 0.05, "fair": 0.1, "poor": 0.3}
    fitted = fit_voter(groups_of(40, rates), {"note": "drawn"})
    assert fitted.chosen < 0.6 * min(fitted.errors.values())
    assert fitted.least <= fitted.chosen
    assert fitted.model.about["documents"] == 40
    rng = random.Random(99)
    right = {"vote": 0, "good": 0}
    for _ in range(20):
        readings = pages_of(rng, rates)
        found = vote(readings, Learned(fitted.model, describer(**rates)))
        assert isinstance(found, Vote)
        right["vote"] += count_right(found.page.text)
        right["good"] += count_right(readings["good"].text)
    assert right["vote"] > right["good"]


def test_certainty_is_lower_where_the_vote_is_wrong() -> None:
    rates = {"one": 0.15, "two": 0.15}
    groups = groups_of(40, rates)
    model = fit_voter(groups, {}).model
    method = Learned(model, describer(**rates))
    sure: dict[bool, list[float]] = {True: [], False: []}
    rng = random.Random(3)
    for _ in range(20):
        readings = pages_of(rng, rates)
        voters = choose_voters(readings)
        for line in align_pages(list(voters.pages.values())):
            for cell in line.cells:
                decision = method.decide(cell, line, voters)
                sure[decision.text in TEXT.split()].append(decision.probability)
    assert sum(sure[True]) / len(sure[True]) > sum(sure[False]) / len(sure[False]) + 0.1


def test_too_little_to_learn_from_is_said_so() -> None:
    with pytest.raises(CallError, match="differ in 0 places of 3 documents"):
        fit_voter(groups_of(3, {"one": 0.0, "two": 0.0}), {})


def test_examples_hold_every_candidate_against_the_truth() -> None:
    readings = {"one": text_only("the qu1ck fox"), "two": text_only("the quick f0x")}
    found = examples(readings, "the quick fox", describer())
    best = [example.described.texts[int(example.distances.argmin())] for example in found]
    assert best == ["the", "quick", "fox"]
    assert [example.telling for example in found] == [False, True, True]
    assert isinstance(found[0].described, Described)


# --- the command ---


@pytest.fixture
def manifests(tmp_path: Path) -> list[Path]:
    """Two manifests of texts without images, and what three programs have read of them."""
    rng = random.Random(5)
    rates = {"one": 0.05, "two": 0.1, "three": 0.2}
    paths = []
    for name in ("a", "b"):
        rows = [
            {
                "id": f"{name}{number}",
                "text": TEXT,
                "outputs": {label: spoiled(TEXT, rng, rate) for label, rate in rates.items()},
            }
            for number in range(20)
        ]
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        paths.append(path)
    return paths


def engines_of(path: Path) -> str:
    return ",".join(f"{name}=files:path={path}:field=outputs.{name}" for name in ("one", "two", "three"))


def test_train_voter_writes_what_a_vote_takes(manifests: list[Path], tmp_path: Path) -> None:
    path, out = manifests[0], tmp_path / "voter.json"
    done = ocr("train", "voter", path, "--engines", engines_of(path), "--out", out, "--no-store", "-q")
    assert done.status == 0, done.err
    assert "places where readings differ" in done.out
    assert json.loads(out.read_text(encoding="utf-8"))["about"]["engines"] == ["files"]
    compared = ocr(
        "compare",
        manifests[1],
        "--engines",
        f"{engines_of(manifests[1])},mine=vote:method=learned:model={out},vote:method=majority",
        "--json",
        "--no-store",
    )
    summary = json.loads(compared.out)["engines"]
    assert summary["mine"]["cer"] < min(summary[name]["cer"] for name in ("one", "two", "three"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engines", "null"], "a vote needs two engines that read"),
        (["--engines", "null,second=null", "--calibration", "none.json"], "none.json cannot be read"),
    ],
)
def test_a_voter_that_cannot_be_fitted(
    manifests: list[Path], tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = ocr("train", "voter", manifests[0], *arguments, "--out", tmp_path / "v.json", "--no-store", "-q")
    assert done.status == 2
    assert message in done.err
    assert "Traceback" not in done.err
