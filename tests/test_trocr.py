"""TrOCR from a small checkpoint in the published format, trained here until it reads a few lines."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ocr_plugins.document import Page
from ocr_plugins.engine import Engine
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.host import open_engine, prepare_engine
from ocr_plugins.image import PageImage
from ocr_plugins.testing import check_engine, drawn_page

TRAIN = Path(__file__).with_name("trocr_checkpoint.py")
TEXTS = [
    "Received with thanks",
    "Invoice no. 2041",
    "Total due: 318.50",
    "Dear Ms. Whitmore,",
    "paid in full",
    "Zürich, 4 May",
]

pytestmark = pytest.mark.slow


def line(text: str) -> PageImage:
    return drawn_page(text, "line")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    python = environment_python("trocr")
    assert python, "run: ocr-plugins engines install trocr"
    folder = tmp_path_factory.mktemp("checkpoint")
    lines = folder / "lines.npz"
    images = {f"image{place}": line(text).pixels for place, text in enumerate(TEXTS)}
    np.savez(lines, texts=np.array(TEXTS), **images)  # type: ignore[arg-type] # its stubs know no keywords
    subprocess.run([python, TRAIN, lines, folder / "model"], check=True)
    return folder / "model"


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Iterator[Engine]:
    opened = open_engine(f"trocr:model={checkpoint}:detector=components")
    yield opened
    opened.close()


def texts(results: Iterator[object]) -> list[str]:
    found = list(results)
    assert all(isinstance(result, Page) for result in found), found
    return [result.text for result in found if isinstance(result, Page)]


def test_it_reads_what_it_was_trained_on(engine: Engine, checkpoint: Path) -> None:
    """In batches and alone, and as the library's own generate() does."""
    assert (checkpoint / "upstream.txt").read_text(encoding="utf-8").splitlines() == TEXTS
    assert texts(engine.read(line(text) for text in TEXTS * 3)) == TEXTS * 3
    assert texts(engine.read([line(TEXTS[3])])) == TEXTS[3:4]


@pytest.mark.parametrize("beams", [1, 2])
def test_graphs_read_what_upstream_reads(checkpoint: Path, beams: int) -> None:
    """Text and confidence, of what it has learned and of what it never saw, in batches that end unevenly."""
    images = [line(text) for text in (*TEXTS, "Quixotic 97 gnomes", "x")]
    found = {}
    for runtime in ("upstream", "exact"):
        opened = open_engine(f"trocr:model={checkpoint}:beams={beams}:runtime={runtime}:max_length=40")
        assert opened.info.runtime.startswith("torch " if runtime == "upstream" else "openvino ")
        pages = list(opened.read(images))
        opened.close()
        assert all(isinstance(page, Page) for page in pages), pages
        found[runtime] = [
            [(word.text, word.confidence) for word in page.iter_words()]
            for page in pages
            if isinstance(page, Page)
        ]
    for ours, theirs in zip(found["exact"], found["upstream"], strict=True):
        assert [text for text, _ in ours] == [text for text, _ in theirs]
        assert [sure for _, sure in ours] == pytest.approx([sure for _, sure in theirs], abs=1e-3)


def test_a_batch_is_measured_unless_it_is_given(checkpoint: Path) -> None:
    python = environment_python("trocr")
    assert python
    graphs = Path(python).parents[1] / "share" / "ocr-plugins" / "trocr" / "graphs"
    for batch, more in ((3, 0), (0, 1)):
        before = {*graphs.glob("lines-*.json")}
        # A length that no other test has, as what was measured is kept.
        opened = open_engine(f"trocr:model={checkpoint}:runtime=exact:max_length=7:batch={batch}")
        assert all(texts(opened.read([line(text) for text in TEXTS[:5]])))
        opened.close()
        added = {*graphs.glob("lines-*.json")} - before
        assert len(added) == more
        # So that the next run of this test measures too.
        for path in added:
            path.unlink()


def test_computed_positions_are_read_alike(checkpoint: Path, tmp_path: Path) -> None:
    """As stage-1 checkpoints have them; of weights learned with others the text means nothing."""
    folder = shutil.copytree(checkpoint, tmp_path / "sinusoidal")
    configuration = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    configuration["decoder"]["use_learned_position_embeddings"] = False
    (folder / "config.json").write_text(json.dumps(configuration), encoding="utf-8")
    settings = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    (folder / "generation_config.json").write_text(json.dumps({**settings, "min_new_tokens": 12}))
    found = []
    for runtime in ("upstream", "exact"):
        opened = open_engine(f"trocr:model={folder}:runtime={runtime}:max_length=20")
        found.append(texts(opened.read([line(text) for text in TEXTS[:3]])))
        opened.close()
    assert found[0] == found[1]
    assert any(found[0])


def test_words_have_a_confidence(engine: Engine) -> None:
    sure, unsure = engine.read([line(TEXTS[0]), line("Quixotic 97 gnomes")])
    assert isinstance(sure, Page)
    assert isinstance(unsure, Page)
    (read,) = sure.iter_lines()
    assert [word.text for word in read.words] == TEXTS[0].split()
    assert all(word.confidence_kind == "attention-token-mean" for word in read.words)
    assert min(word.confidence or 0 for word in read.words) > 0.8
    assert min(word.confidence or 0 for word in unsure.iter_words()) < min(
        w.confidence or 0 for w in read.words
    )


def test_lines_of_pages_come_from_a_detector(engine: Engine) -> None:
    pages = [drawn_page("\n".join(TEXTS[:3])), PageImage(pixels=np.full((300, 200), 255, np.uint8))]
    first, blank, last = engine.read([*pages, drawn_page("\n".join(TEXTS[3:5]))])
    assert isinstance(first, Page)
    assert isinstance(last, Page)
    assert (len(list(first.iter_lines())), len(list(last.iter_lines()))) == (3, 2)
    assert isinstance(blank, Page)
    assert blank.text == ""
    assert all(found.polygon is not None for found in first.iter_lines())
    assert engine.info.options["detector"]["name"] == "components"


def test_contract(checkpoint: Path) -> None:
    check_engine(f"trocr:model={checkpoint}:beams=2:detector=components", expect_text=False)


def test_the_fingerprint_knows_the_checkpoint_and_not_its_folder(checkpoint: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(checkpoint, tmp_path / "moved")
    infos = [prepare_engine(f"trocr:model={folder}").info for folder in (checkpoint, moved)]
    assert infos[0].fingerprint == infos[1].fingerprint
    assert "model.safetensors" in infos[0].weights
    (moved / "generation_config.json").write_text('{"max_new_tokens": 5}')
    assert prepare_engine(f"trocr:model={moved}").info.fingerprint != infos[0].fingerprint


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('a pickle ran code')",)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda f: (f / "model.safetensors").unlink(), "holds no weights"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\0" * 99), "cannot be opened"),
        (lambda f: (f / "config.json").write_text("{"), "it is not JSON"),
        (lambda f: (f / "config.json").write_text('{"model_type": "bert"}'), "a model of another kind"),
        (lambda f: (f / "tokenizer.json").unlink(), "holds no tokenizer"),
    ],
)
def test_a_checkpoint_that_is_none(checkpoint: Path, tmp_path: Path, break_it: object, words: str) -> None:
    broken = shutil.copytree(checkpoint, tmp_path / "broken")
    assert callable(break_it)
    break_it(broken)
    with pytest.raises(EngineUnavailableError, match=words):
        open_engine(f"trocr:model={broken}:detector=components")


def test_pickled_weights_cannot_run_code(checkpoint: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(checkpoint, tmp_path / "evil")
    (broken / "model.safetensors").unlink()
    (broken / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": _Evil()}))
    with pytest.raises(EngineUnavailableError, match="cannot be opened") as caught:
        open_engine(f"trocr:model={broken}:detector=components")
    assert "ran code" not in str(caught.value)


def in_its_environment(script: str, *arguments: Path) -> None:
    """Runs a few lines with the Python of TrOCR's environment."""
    python = environment_python("trocr")
    assert python
    subprocess.run([python, "-c", script, *map(str, arguments)], check=True)


def test_a_checkpoint_of_the_old_format(checkpoint: Path, tmp_path: Path) -> None:
    """Pickled weights, the image processor in a file of its own, no generation_config.json."""
    old = shutil.copytree(checkpoint, tmp_path / "old")
    in_its_environment(
        "import sys, pathlib, torch, safetensors.torch as s; f = pathlib.Path(sys.argv[1])\n"
        "torch.save(s.load_file(f / 'model.safetensors'), f / 'pytorch_model.bin')",
        old,
    )
    processor = json.loads((old / "processor_config.json").read_text(encoding="utf-8"))
    (old / "preprocessor_config.json").write_text(json.dumps(processor["image_processor"]))
    for name in ("model.safetensors", "processor_config.json", "generation_config.json"):
        (old / name).unlink()
    engine = open_engine(f"trocr:model={old}:detector=components")
    assert "pytorch_model.bin" in engine.info.weights
    assert texts(engine.read(line(text) for text in TEXTS)) == TEXTS
    engine.close()


def test_a_hub_id_is_found_in_the_cache(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "hub" / "models--microsoft--trocr-base-printed"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0123abc")
    shutil.copytree(checkpoint, repository / "snapshots" / "0123abc")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert prepare_engine("trocr").info.capabilities.languages == ("en",)
    with pytest.raises(EngineUnavailableError, match="no model for language 'fr'"):
        _ = prepare_engine("trocr:lang=fr").info


def test_tensors_that_are_missing_are_not_made_up(checkpoint: Path, tmp_path: Path) -> None:
    partial = shutil.copytree(checkpoint, tmp_path / "partial")
    in_its_environment(
        "import sys, pathlib, safetensors.torch as s; f = pathlib.Path(sys.argv[1]) / 'model.safetensors'\n"
        "kept = {k: v for k, v in s.load_file(f).items() if 'decoder.layers.1' not in k}\n"
        "s.save_file(kept, f, {'format': 'pt'})",
        partial,
    )
    with pytest.raises(EngineUnavailableError, match="of its tensors are missing"):
        open_engine(f"trocr:model={partial}:detector=components")


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("trocr", EngineUnavailableError, "no checkpoint microsoft/trocr-base-printed"),
        ("trocr:model=/nowhere/at/all", EngineUnavailableError, "there is no checkpoint /nowhere"),
        ("trocr:beams=0", CallError, "out of range"),
    ],
)
def test_what_is_missing_is_named(
    spec: str, error: type[Exception], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(error, match=words):
        open_engine(spec)
