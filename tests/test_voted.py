"""`vote` among the engines of a run: on the command line and from Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import ocr

from ocr_plugins import compare
from ocr_plugins.errors import CallError

TEXTS = {
    "one": ["the qu1ck brown fox", "jumps over the lazy dog"],
    "two": ["the quick brovvn fox", "jumps over the 1azy dog"],
    "three": ["the quick brown f0x", "jurnps over the lazy dog"],
}
TRUTH = ["the quick brown fox", "jumps over the lazy dog"]


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    """A manifest of two texts without images, and what three programs have read of them."""
    rows = [
        {"id": f"p{n}", "text": truth, "outputs": {name: texts[n] for name, texts in TEXTS.items()}}
        for n, truth in enumerate(TRUTH)
    ]
    path = tmp_path / "manifest.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def engines(path: Path, *more: str) -> str:
    return ",".join([*(f"{name}=files:path={path}:field=outputs.{name}" for name in TEXTS), *more])


def test_a_vote_is_one_more_row(readings: Path) -> None:
    study = compare(readings, engines(readings, "vote", "maj=vote:method=majority:of=one+two"))
    assert [run.label for run in study.runs] == [*TEXTS, "vote", "maj"]
    cer = study.table()["cer"]
    assert cer["vote"] == 0
    assert min(cer[name] for name in TEXTS) > 0
    vote = study.runs[3]
    assert vote.info is not None
    assert vote.info.options["voters"] == {
        run.label: run.info.fingerprint for run in study.runs[:3] if run.info
    }
    assert study.runs[4].info != vote.info


def test_a_vote_has_learned_from_drawn_pages_where_no_method_is_named(readings: Path) -> None:
    study = compare(
        readings, engines(readings, "vote", "same=vote:method=learned", "other=vote:method=confidence")
    )
    plain, same, other = (run.info for run in study.runs[3:])
    assert plain is not None
    assert same is not None
    assert other is not None
    assert plain.fingerprint == same.fingerprint != other.fingerprint
    assert plain.options["method"] == "learned"
    assert set(plain.weights) == {"calibrations.json", "voter.json", "words.npz", "lexicon.npz"}
    assert not other.weights
    assert plain.capabilities.confidence_kind == "vote-learned"


def test_a_model_that_is_missing_is_told_of_the_vote_alone(readings: Path, tmp_path: Path) -> None:
    study = compare(readings, engines(readings, f"vote:model={tmp_path / 'none.json'}"))
    assert [run.error is None for run in study.runs] == [True, True, True, False]
    assert "none.json cannot be read" in str(study.runs[-1].error)


def test_what_was_said_of_every_word_is_written(readings: Path, tmp_path: Path) -> None:
    done = ocr(
        "compare", readings, "--engines", engines(readings, "vote"), "--out", tmp_path / "out", "--no-store"
    )
    assert done.status == 0
    rows = [json.loads(line) for line in (tmp_path / "out/votes.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["p0", "p1"]
    (quick,) = (word for word in rows[0]["words"] if word["text"] == "quick")
    assert quick["readings"] == {"one": "qu1ck", "two": "quick", "three": "quick"}
    assert list(quick["scores"]) == ["quick", "qu1ck"]
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert summary["engines"]["vote"]["cer"] == 0
    assert "the quick brown fox" in (tmp_path / "out/report.html").read_text()


def test_read_prints_the_vote_alone(readings: Path) -> None:
    done = ocr("read", readings, "--engine", engines(readings, "vote"), "--no-store")
    assert done.status == 0
    assert [line for line in done.out.splitlines() if not line.startswith("==>")] == TRUTH


def test_a_voter_that_cannot_run_takes_the_others_not_down(readings: Path, tmp_path: Path) -> None:
    broken = f"broken=files:path={tmp_path / 'none'}"
    study = compare(readings, engines(readings, broken, "vote"))
    assert study.table()["cer"]["vote"] == 0
    alone = compare(readings, f"{broken},vote")
    assert all(run.error for run in alone.runs)
    assert ocr("compare", readings, "--engines", f"{broken},vote", "--no-store").status == 2


def test_pages_that_nobody_read_are_errors(readings: Path) -> None:
    study = compare(readings, "null,vote")
    vote = study.runs[-1]
    assert {result.kind for result in vote.results.values() if hasattr(result, "kind")} == {"no_image"}
    assert vote.errors == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("vote:of=one+four", "no engine of this run is called 'four'"),
        ("vote:method=shouting", "method"),
        ("vote:loud=1", "no option 'loud'"),
        ("vote:method=majority:model=voter.json", "model= needs method=learned"),
        ("vote:method=confidence:model=voter.json", "model= needs method=learned"),
        ("vote:method=majority:calibration=c.json", "counts readings alike"),
    ],
)
def test_wrong_votes(readings: Path, more: str, message: str) -> None:
    with pytest.raises(CallError, match=message):
        compare(readings, engines(readings, more))


def test_a_vote_alone(readings: Path) -> None:
    with pytest.raises(CallError, match="needs engines that read"):
        compare(readings, "vote")
