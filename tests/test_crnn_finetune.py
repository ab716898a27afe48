"""Fine-tuning: the alphabet grows, layers rest, groups are held out, and new weights can be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from crnn_toys import ONE_WIDTH, TOY, picture, toy_manifest, train_toys

from ocr_plugins.crnn.decoding import greedy
from ocr_plugins.crnn.export import export
from ocr_plugins.crnn.finetune import freeze, missing_characters, split, trained_model
from ocr_plugins.crnn.model import build, named_weights
from ocr_plugins.crnn.model_file import read_facts
from ocr_plugins.crnn.recipes import Recipe, train_recipe
from ocr_plugins.crnn.runtime import Network
from ocr_plugins.crnn.sources import true_lines
from ocr_plugins.crnn.training import Plan, Progress
from ocr_plugins.errors import CallError


def test_a_new_letter_begins_as_its_base_letter(tmp_path: Path) -> None:
    path, model = tmp_path / "toy.onnx", build(TOY, "small")
    export(model, TOY, path, size="small", head="ctc", name="toy", card={})
    grown, _ = trained_model(path, "áж")
    assert grown.alphabet.characters == ("a", "b", "c", "d", "á", "ж")
    kernel = named_weights(grown.model)["classes/kernel"]
    np.testing.assert_array_equal(kernel[:, :5], named_weights(model)["classes/kernel"])
    near = [float(np.abs(kernel[:, 5] - kernel[:, other]).mean()) for other in range(1, 5)]
    assert near[0] == min(near)
    assert np.isfinite(kernel).all()


def test_groups_are_held_out_whole(tmp_path: Path) -> None:
    lines = true_lines([toy_manifest(tmp_path, 40, groups=8)])
    learnt, held = split(lines)
    assert len(learnt) + len(held) == 40
    assert not {line.row.group for line in learnt} & {line.row.group for line in held}
    assert 1 <= len(held) <= 10
    assert split(lines) == (learnt, held)
    single = true_lines([toy_manifest(tmp_path / "one", 20, groups=1)])
    learnt, held = split(single)
    assert len(held) == 2
    with pytest.raises(CallError, match="one image only"):
        split(single[:1])


def test_freezing_leaves_what_few_lines_would_spoil() -> None:
    model = build(TOY, "small")
    assert freeze(model, "auto", 20) == "stem"
    trained = {weight.path.split("/")[0] for weight in model.trainable_weights}
    assert trained == {"lstm1", "lstm2", "classes"}
    model = build(TOY, "small")
    assert freeze(model, "auto", 5000) == "none"
    assert "conv1" in {weight.path.split("/")[0] for weight in model.trainable_weights}
    with pytest.raises(CallError, match="some"):
        freeze(model, "some", 1)


class Notes(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


def test_fine_tuning_learns_a_new_letter_and_its_weights_are_used_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocr_plugins.crnn.batches.WIDTHS", ONE_WIDTH)
    _, trainee = train_toys(tmp_path / "base", 200)
    base = tmp_path / "base.onnx"
    export(trainee.model, TOY, base, size="small", head="ctc", name="base", card={})
    manifest = toy_manifest(tmp_path / "own", 60, letters="abcdé", groups=6)
    notes, out = Notes(), tmp_path / "own.onnx"
    recipe = Recipe(
        out=out, plan=Plan(steps=80, rate=3e-3), start=base, data=(manifest,), columns=2048, window=64
    )
    assert missing_characters(TOY.characters, true_lines([manifest])).keys() == {"é"}
    outcome, facts = train_recipe(recipe, notes)
    before = float(next(line for line in notes.lines if "CER before" in line).split()[-1].rstrip("%")) / 100
    assert any("U+00E9" in line for line in notes.lines)
    assert outcome.state.best is not None
    assert outcome.state.best < 0.7 * before
    network = Network(out)
    (log_probs,) = network.log_probs([_normal("cade")])
    read = "".join(network.facts.alphabet[label - 1] for label, _, _ in greedy(log_probs))
    assert set(read) <= set("abcdé")
    assert read_facts(out).card["training"]["steps"] == 80
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert "CER by corpus" in card
    assert facts["model"]["from"].startswith("base (frozen: none)")


def _normal(text: str):
    from ocr_plugins.crnn.normalise import normalise

    return normalise(picture(text.replace("e", "é")), 40)


def test_a_recipe_without_data_or_with_a_wrong_name_is_refused(tmp_path: Path) -> None:
    plan = Plan(steps=1)
    with pytest.raises(CallError, match=r"end it in \.onnx"):
        train_recipe(Recipe(out=tmp_path / "x.h5", plan=plan))
    with pytest.raises(CallError, match="--data"):
        train_recipe(Recipe(out=tmp_path / "x.onnx", plan=plan, start=tmp_path / "y.onnx"))
