"""The command line as a user meets it: what it prints, what it writes, how it ends."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faulty_engine as faulty
import jiwer
import numpy as np
import pypdfium2
import pytest
from PIL import Image
from running import (
    COMMAND,
    PLUGINS,
    Done,
    environment,
    heeding_interrupts,
    manifest,
    ocr,
    printed,
    register,
    results,
    told,
)

from ocr_plugins.cli import main

Cli = Callable[..., Done]
PROMISED = {
    "schema_version", "source", "page", "engine", "spec", "fingerprint", "text", "lines", "words", "seconds",
    "error",
}  # fmt: skip
HOSTED = f"env={sys.executable}"


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that registers the parrot and the faulty engine, for this process and for others."""
    folder = register(
        tmp_path / "plugins", parrot="parrot_engine:ParrotEngine", faulty="faulty_engine:FaultyEngine"
    )
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def cli(engines: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """The command, run in this process: the same but for half a second's start."""

    def run(*arguments: Any) -> Done:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["ocr-plugins", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        assert "Traceback" not in err, err
        assert isinstance(end.value.code, int)
        return Done(end.value.code, out, err)

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


# read


def test_read_json_has_an_object_a_page_and_engine(here: Path, engines: Path) -> None:
    printed(here / "a.png", "first page")
    told(here / "b.png", "")
    specs = ["--engine", "tess6=tesseract:psm=6", "-e", "null,again=null"]
    done = ocr("read", "a.png", "b.png", *specs, "--json", env=environment(engines))
    assert done.status == 0
    assert len(done.records) == 6
    assert all(set(record) >= PROMISED for record in done.records)
    assert [(r["engine"], r["source"], r["page"]) for r in done.records] == [
        (engine, source, 1) for engine in ("tess6", "null", "again") for source in ("a.png", "b.png")
    ]
    first = done.records[0]
    assert first["text"] == "first page"
    assert [word["text"] for word in first["words"]] == ["first", "page"]
    assert (first["spec"], first["schema_version"], first["error"]) == ("tesseract:psm=6", 1, None)
    assert first["seconds"] > 0
    assert len(first["fingerprint"]) == 16


def test_read_prints_text_alone(here: Path, cli: Cli) -> None:
    told(here / "a.png", "one line\nand another")
    done = cli("read", "a.png", "-e", "parrot", "-q")
    assert (done.status, done.out, done.err) == (0, "one line\nand another\n", "")


def test_read_puts_headings_over_several_texts(here: Path, cli: Cli) -> None:
    told(here / "a.png", "eins")
    told(here / "b.png", "zwei")
    done = cli("read", ".", "-e", "parrot", "-q")
    assert done.out == "==> a.png [parrot] <==\neins\n==> b.png [parrot] <==\nzwei\n"


def test_pages_of_a_source_are_numbered(here: Path, cli: Cli) -> None:
    frames = [Image.new("L", (20 + n, 20), 255) for n in range(3)]
    frames[0].save("scan.tiff", save_all=True, append_images=frames[1:])
    blank_pdf(here / "doc.pdf", 4)
    done = cli("read", "scan.tiff", "doc.pdf", "-e", "null", "--json", "--pages", "2-3", "--dpi", "72")
    assert done.status == 0
    assert [(r["source"], r["page"]) for r in done.records] == [
        ("scan.tiff", 2), ("scan.tiff", 3), ("doc.pdf", 2), ("doc.pdf", 3),
    ]  # fmt: skip
    assert done.records[0]["size"] == [21, 20]
    assert done.records[2]["size"] == [100, 50]


def test_read_writes_results_and_files(here: Path, cli: Cli) -> None:
    for folder in ("one", "two"):
        told(here / folder / "page.png", f"text of {folder}")
    told(here / "one" / "PAGE.png", "in capitals")
    done = cli("read", "one", "two", "-e", "parrot,b=parrot:tail=!", "--out", "o", "-f", "text", "-f", "json")
    assert done.status == 0
    assert "o/results.jsonl" in done.out
    assert len(results(here / "o")) == 6
    texts = {path.relative_to(here / "o"): path.read_text() for path in (here / "o").rglob("*.txt")}
    assert sorted(texts.values()) == sorted(
        f"{text}{tail}\n" for text in ("text of one", "text of two", "in capitals") for tail in ("", "!")
    )
    names = {path.name.casefold() for path in texts}
    assert len(names) == 3, "names must differ where case is folded, and be the same for all engines"
    assert texts[Path("b/two_page.txt")] == "text of two!\n"
    assert json.loads((here / "o/parrot/two_page.json").read_text())["lines"][0]["text"] == "text of two"


def test_what_read_wrote_can_be_evaluated(here: Path, cli: Cli) -> None:
    """Files are named as ground truth is."""
    frames = [Image.new("L", (20, 20), 255) for _ in range(2)]
    frames[0].save("scan.tiff", save_all=True, append_images=frames[1:])
    told(here / "letter.png", "dear all")
    (here / "truth").mkdir()
    for name in ("scan.1.txt", "scan.2.gt.txt", "letter.txt"):
        (here / "truth" / name).write_text("dear all")
    cli("read", "scan.tiff", "letter.png", "-e", "parrot", "-out=o" if False else "--out=o", "-f", "text")
    done = cli("evaluate", "truth", "o/parrot", "--json")
    assert (done.status, done.json["pages"], done.json["missing_files"]) == (0, 3, [])
    assert done.json["cer"] == pytest.approx(2 / 3)


def test_a_closed_pipe_is_no_fault(here: Path, engines: Path) -> None:
    told(here / "a.png", "text\n" * 50_000)
    for mode in ([], ["--json"]):
        command = [*COMMAND, "read", "a.png", "a.png", "-e", "parrot", "-q", *mode]
        with subprocess.Popen(
            command, env=environment(engines), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.read(10)
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 1


def test_an_old_terminal_costs_no_reading(here: Path, engines: Path) -> None:
    told(here / "a.png", "é 3 € – “so”")
    plain = ocr("read", "a.png", "-e", "parrot", "-q", env=environment(engines, PYTHONIOENCODING="ascii"))
    assert (plain.status, plain.out) == (0, "\\xe9 3 \\u20ac \\u2013 \\u201cso\\u201d\n")
    lines = ocr("read", "a.png", "-e", "parrot", "--json", env=environment(engines, PYTHONIOENCODING="ascii"))
    assert "é" in lines.out, "JSON is UTF-8 everywhere"
    assert lines.records[0]["text"] == "é 3 € – “so”"


def test_file_names_need_not_be_unicode(here: Path, engines: Path) -> None:
    told(here / "a.png", "x")
    name = os.fsencode("a") + b"\xff.png"
    Path("a.png").rename(os.fsdecode(name))
    done = ocr("compare", os.fsdecode(name), "-e", "parrot", "--out", "o", env=environment(engines))
    assert done.status == 0, done.err
    assert (here / "o" / "report.html").exists()


# compare


@pytest.fixture
def corpus(here: Path) -> Path:
    """Two pages of known readings: 10 and 30 characters, of which 1 and 0 are wrong."""
    told(here / "short.png", "abcd efgx!")
    told(here / "long.png", "the quick brown fox jumps over")
    return manifest(here / "tiny.jsonl", short="abcd efgh!", long="the quick brown fox jumps over")


def test_compare_writes_what_it_promises(corpus: Path, cli: Cli, here: Path) -> None:
    done = cli("compare", corpus, "--engines", "parrot,nothing=null", "--out", "o")
    assert done.status == 0
    summary = json.loads((here / "o" / "summary.json").read_text())
    assert summary["convention"] == "default"
    assert summary["manifests"][0]["sha256"] == hashlib.sha256(corpus.read_bytes()).hexdigest()
    assert set(summary["engines"]) == {"parrot", "nothing"}
    parrot, nothing = summary["engines"]["parrot"], summary["engines"]["nothing"]
    # Micro: one of 40 characters, one of 8 words. Macro: the mean of 1/10 and 0, of 1/2 and 0.
    assert parrot["cer"] == parrot["micro"]["cer"] == pytest.approx(1 / 40)
    assert parrot["wer"] == pytest.approx(1 / 8)
    assert parrot["macro"]["cer"] == pytest.approx(1 / 20)
    assert parrot["macro"]["wer"] == pytest.approx(1 / 4)
    assert parrot["cer_order_free"] == pytest.approx(1 / 40)
    assert parrot["word_f1"] == pytest.approx(7 / 8)
    assert (parrot["pages"], parrot["errors"]) == (2, 0)
    assert parrot["seconds_per_page"] >= 0
    assert (nothing["cer"], nothing["wer"], nothing["word_f1"]) == (1, 1, 0)
    assert [(r["engine"], r["id"]) for r in results(here / "o")] == [
        ("parrot", "short"), ("parrot", "long"), ("nothing", "short"), ("nothing", "long"),
    ]  # fmt: skip
    assert "<html" in (here / "o" / "report.html").read_text()
    assert "o/report.html" in done.out
    assert row(done.out, "parrot")[:7] == ["parrot", "2.50", "2.50", "12.50", "87.50", "2", "0"]


def test_compare_json_is_the_summary(corpus: Path, cli: Cli, here: Path) -> None:
    done = cli("compare", corpus, "-e", "parrot", "--json", "--out", "o")
    written = json.loads((here / "o" / "summary.json").read_text())
    assert done.json | {"created": None} == written | {"created": None}
    assert "o/report.html" in done.err


def test_the_best_engine_comes_first(corpus: Path, cli: Cli) -> None:
    done = cli("compare", corpus, "-e", "nothing=null,worse=parrot:tail=zz,parrot", "-q")
    places = [done.out.index(f" {label} ") for label in ("parrot", "worse", "nothing")]
    assert places == sorted(places)


def test_compare_with_a_folder_of_truth(corpus: Path, cli: Cli, here: Path) -> None:
    told(here / "third.png", "unscored")
    (here / "texts").mkdir()
    (here / "texts/short.gt.txt").write_text("abcd efgh!\n")
    (here / "texts/long.txt").write_text("the quick brown fox jumps over\n")
    done = cli("compare", "short.png", "long.png", "third.png", "--truth", "texts", "-e", "parrot")
    assert row(done.out, "parrot")[:4] == ["parrot", "2.50", "2.50", "12.50"]
    assert "3 pages, 2 with ground truth" in done.out


def test_compare_without_truth_says_so(here: Path, cli: Cli) -> None:
    told(here / "a.png", "x")
    done = cli("compare", "a.png", "-e", "parrot", "--out", "o")
    assert done.status == 0
    assert row(done.out, "parrot")[:6] == ["parrot", "-", "-", "-", "-", "1"]
    assert "--truth" in done.out
    assert json.loads((here / "o/summary.json").read_text())["engines"]["parrot"]["cer"] is None


def test_truth_that_fits_no_page_is_a_wrong_call(here: Path, cli: Cli) -> None:
    told(here / "scan.png", "x")
    (here / "texts").mkdir()
    (here / "texts/other.txt").write_text("x")
    done = cli("compare", "scan.png", "-e", "parrot", "--truth", "texts")
    assert done.status == 2
    assert "scan.gt.txt" in one_line(done)


def test_limit_spreads_over_the_input(here: Path, cli: Cli) -> None:
    for number in range(1, 12):
        told(here / "in" / f"p{number}.png")
    done = cli("read", "in", "-e", "null", "--limit", "3", "--json")
    assert [record["source"] for record in done.records] == ["in/p1.png", "in/p6.png", "in/p11.png"]


def test_a_recipe_names_engines(corpus: Path, cli: Cli, here: Path) -> None:
    (here / "recipe.toml").write_text('[engines.bad]\nengine = "parrot"\ntail = "??"\n[engines.parrot]\n')
    done = cli("compare", corpus, "--engines", "recipe.toml", "--json")
    assert list(done.json["engines"]) == ["bad", "parrot"]
    assert done.json["engines"]["bad"]["cer"] == pytest.approx(5 / 40)


def test_conventions_score_differently(here: Path, cli: Cli) -> None:
    told(here / "a.png", "“so”  it is")
    folded = cli("compare", manifest(here / "m.jsonl", a='"so" it is'), "-e", "parrot", "--json")
    strict = cli("compare", here / "m.jsonl", "-e", "parrot", "--json", "--convention", "ocrd")
    assert folded.json["engines"]["parrot"]["cer"] == 0
    assert strict.json["engines"]["parrot"]["cer"] > 0
    assert (folded.json["convention"], strict.json["convention"]) == ("default", "ocrd")


def test_the_demo_needs_nothing(here: Path, cli: Cli) -> None:
    done = cli("demo", "--engines", "null")
    assert done.status == 0
    assert json.loads((here / "demo-report/summary.json").read_text())["engines"]["null"]["pages"] == 10


def test_two_real_engines(here: Path, engines: Path) -> None:
    printed(here / "a.png", "Plain words\nof print")
    m = manifest(here / "m.jsonl", a="Plain words\nof print")
    done = ocr("compare", m, "--engines", "tesseract,rapidocr", "--json", env=environment(engines))
    assert done.status == 0
    assert [done.json["engines"][name]["cer"] for name in ("tesseract", "rapidocr")] == [0, 0]


# Bad input: one clear line, an error record, the right status, and the others are read.


def cut_jpeg(path: Path) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((80, 80), 50).save(buffer, "JPEG")
    path.write_bytes(buffer.getvalue()[:1500])


def blank_pdf(path: Path, pages: int) -> None:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(100, 50)
    document.save(path)
    document.close()


def encrypted_pdf(path: Path) -> None:
    """A file whose trailer asks for a password that nobody has."""
    objects = [
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n",
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n",
        b"4 0 obj<</Filter/Standard/V 1/R 2/P -4/O<" + b"31" * 32 + b">/U<" + b"32" * 32 + b">>>endobj\n",
    ]
    out, places = b"%PDF-1.4\n", []
    for item in objects:
        places.append(len(out))
        out += item
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"xref\n0 5\n0000000000 65535 f \n" + table
    out += b"trailer<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<01><01>]>>\nstartxref\n%d\n%%%%EOF\n" % (
        out.index(b"xref")
    )
    path.write_bytes(out)


BAD_FILES: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "truncated jpeg": ("cut.jpg", cut_jpeg, "truncated"),
    "empty file": ("none.png", lambda path: path.touch(), "empty"),
    "text called png": ("notes.png", lambda path: path.write_text("SECRET words\n" * 9), "text"),
    "pdf without pages": ("none.pdf", lambda path: blank_pdf(path, 0), "page"),
    "encrypted pdf": ("locked.pdf", encrypted_pdf, "password"),
    "one pixel": ("dot.png", lambda path: Image.new("L", (1, 1)).save(path), "1x1"),
    "a strip": ("strip.png", lambda path: Image.new("1", (30_000, 20)).save(path), "30000x20"),
    "folder without images": ("nothing", lambda path: path.mkdir(), "no images"),
    "no such path": ("nowhere.png", lambda path: None, "does not exist"),
    "no match": ("no*.png", lambda path: None, "no file matches"),
    "manifest in UTF-16": ("m.jsonl", lambda path: path.write_text("{}", "utf-16"), "UTF-8"),
    "empty manifest": ("m.jsonl", lambda path: path.touch(), "is empty"),
    "no manifest": ("m.jsonl", lambda path: None, "does not exist"),
}


@pytest.mark.parametrize("case", BAD_FILES)
@pytest.mark.parametrize("command", ["read", "compare"])
def test_a_bad_input_costs_itself_alone(case: str, command: str, here: Path, cli: Cli) -> None:
    name, make, words = BAD_FILES[case]
    make(here / name)
    told(here / "a.png", "before")
    told(here / "b.png", "after")
    done = cli(command, "a.png", name, "b.png", "-e", "parrot,null", "--out", "o", "-q")
    line = one_line(done)
    assert name in line
    assert words in line
    assert "SECRET" not in line
    assert done.status == 1
    records = results(here / "o")
    (failed,) = [record for record in records if record["error"]]
    assert failed["error"]["hint"] in line, f"no way out is named: {line}"
    assert (failed["source"], failed["page"], failed["engine"], failed["text"]) == (name, None, None, None)
    assert failed["error"]["message"]
    assert failed["error"]["hint"]
    assert [(r["engine"], r["text"]) for r in records if not r["error"]] == [
        ("parrot", "before"), ("parrot", "after"), ("null", ""), ("null", ""),
    ]  # fmt: skip
    if command == "compare":
        summary = json.loads((here / "o/summary.json").read_text())
        assert summary["input_errors"] == 1
        assert summary["engines"]["parrot"]["pages"] - summary["engines"]["parrot"]["errors"] == 2
        assert name in (here / "o/report.html").read_text()


@pytest.mark.parametrize("case", ["truncated jpeg", "folder without images"])
def test_nothing_but_a_bad_input(case: str, here: Path, cli: Cli) -> None:
    name, make, _ = BAD_FILES[case]
    make(here / name)
    done = cli("read", name, "-e", "null", "--json", "-q")
    assert done.status == 1
    one_line(done)
    assert [(r["source"], r["engine"]) for r in done.records] == [(name, None)]


@pytest.mark.parametrize("command", ["read", "compare"])
def test_a_mistyped_path_alone_is_a_wrong_call(command: str, here: Path, cli: Cli) -> None:
    done = cli(command, "nowhere.png", "-e", "null", "--out", "o")
    assert done.status == 2
    assert "nowhere.png" in one_line(done)
    assert "┃" not in done.out, "there is nothing to make a table of"
    assert [record["source"] for record in results(here / "o")] == ["nowhere.png"]


def test_a_page_with_truth_that_cannot_be_opened_is_scored_as_missing(here: Path, cli: Cli) -> None:
    told(here / "good.png", "0123456789")
    cut_jpeg(here / "bad.png")
    done = cli(
        "compare", manifest(here / "m.jsonl", good="0123456789", bad="0123456789"), "-e", "parrot", "--json"
    )
    parrot = done.json["engines"]["parrot"]
    assert (done.status, parrot["cer"], parrot["pages"], parrot["errors"]) == (1, 0.5, 2, 1)


MANIFEST_ROWS: dict[str, tuple[bytes, str]] = {
    "missing image": (b'{"id": "x", "image": "gone.png", "text": ""}', "gone.png"),
    "duplicate id": (b'{"id": "good", "image": "good.png", "text": ""}', "already used"),
    "bad json": (b'{"id": "x", ', "not JSON"),
    "not utf-8": (b'{"id": "x\xff", "image": "good.png", "text": ""}', "UTF-8"),
    "no text": (b'{"id": "x", "image": "good.png"}', "'text' is missing"),
}


@pytest.mark.parametrize("case", MANIFEST_ROWS)
def test_a_bad_row_costs_itself_alone(case: str, here: Path, cli: Cli) -> None:
    bad, words = MANIFEST_ROWS[case]
    told(here / "good.png", "fine")
    m = manifest(here / "m.jsonl", good="fine")
    m.write_bytes(m.read_bytes() + bad + b"\n")
    done = cli("compare", m, "-e", "parrot", "--out", "o", "-q")
    assert done.status == 1
    line = one_line(done)
    assert "m.jsonl:2" in line
    assert words in line
    failed, good = results(here / "o")
    assert (failed["page"], failed["engine"], failed["source"]) == (None, None, "m.jsonl:2")
    assert (good["text"], good["engine"]) == ("fine", "parrot")


WRONG_CALLS: dict[str, tuple[list[str], str]] = {
    "unknown engine": (["-e", "tesserakt"], "did you mean tesseract"),
    "unknown option": (["-e", "tesseract:pms=6"], "did you mean psm"),
    "bad value": (["-e", "tesseract:psm=ninety"], "psm"),
    "value out of range": (["-e", "tesseract:psm=99"], "psm"),
    "engine twice": (["-e", "null,null"], "name one of them"),
    "no engine": (["-e", ""], "empty"),
    "env without python": (["-e", "null:env=/nowhere"], "/nowhere"),
    "no recipe": (["-e", "gone.toml"], "gone.toml"),
    "bad page range": (["-e", "null", "--pages", "3-1"], "3-1"),
    "bad dpi": (["-e", "null", "--dpi", "0"], "dpi"),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
@pytest.mark.parametrize("command", ["read", "compare"])
def test_a_wrong_call_reads_nothing(case: str, command: str, here: Path, cli: Cli) -> None:
    told(here / "a.png", "x")
    arguments, words = WRONG_CALLS[case]
    done = cli(command, "a.png", *arguments, "--json", "--out", "o")
    assert done.status == 2
    assert words in one_line(done)
    (record,) = done.records
    assert (record["source"], record["page"], record["engine"]) == (None, None, None)
    assert words in record["error"]["message"] + record["error"]["hint"]
    assert results(here / "o") == [record]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "a.png", "-e", "null", "--convention", "mine"], "mine"),
        (["compare", "a.png", "-e", "null", "--truth", "gone"], "gone"),
        (["compare", "m.jsonl", "-e", "null", "--pages", "x"], "'x'"),
        (["read", "a.png", "-e", "null", "--format", "docx", "--out", "o"], "known formats"),
        (["read", "a.png", "-e", "null", "--format", "text"], "--out"),
        (["read", "a.png", "-e", "null", "--out", "a.png"], "a.png"),
        (["compare", "a.png", "-e", "null", "--out", "/proc/nowhere"], "/proc/nowhere"),
        (["read", "a.png", "--engin", "null"], "--engine"),
        (["read", "a.png", "--limit", "0"], "--limit"),
        (["read"], "inputs"),
        (["raed"], "read"),
        (["evaluate", "gone.txt", "a.png"], "gone.txt does not exist"),
        (["evaluate", ".", "a.png"], "two of a kind"),
        (["evaluate", "a.said", "a.png"], "UTF-8"),
        (["evaluate", "a.said", "a.said", "--convention", "mine"], "mine"),
        (["engines", "install", "nosuch"], "nosuch"),
        (["engines", "install", "null"], "no environment of its own"),
    ],
)
def test_wrong_calls_of_each_command(arguments: list[str], words: str, here: Path, cli: Cli) -> None:
    told(here / "a.png", "x")
    manifest(here / "m.jsonl", a="x")
    before = (here / "a.png").read_bytes()
    done = cli(*arguments)
    assert done.status == 2
    assert words in one_line(done)
    assert (here / "a.png").read_bytes() == before


def test_help_is_at_hand(cli: Cli) -> None:
    for arguments in (["-h"], ["read", "--help"], ["engines", "-h"], ["engines", "install", "-h"]):
        done = cli(*arguments)
        assert done.status == 0
        assert "Usage" in done.out
    nothing = cli()
    assert nothing.status == 2
    assert "compare" in nothing.out


def test_a_wrong_call_keeps_the_results_of_an_earlier_run(here: Path, cli: Cli) -> None:
    told(here / "a.png", "precious")
    cli("read", "a.png", "-e", "parrot", "--out", "o")
    cli("read", "a.png", "-e", "nosuch", "--out", "o")
    assert [record["text"] for record in results(here / "o")] == ["precious"]


def test_half_a_character_in_a_manifest_costs_nothing(here: Path, cli: Cli) -> None:
    told(here / "good.png", "fine")
    m = here / "m.jsonl"
    rows = [{"id": f"{i}\ud800", "image": f"{i}.png", "text": "x\udc00"} for i in ("good", "gone")]
    m.write_text("\n".join(map(json.dumps, rows)))
    done = cli("compare", m, "-e", "parrot", "--out", "o", "-q")
    assert done.status == 1
    assert "gone.png" in one_line(done)
    assert [record["text"] for record in results(here / "o")][-1] == "fine"
    assert (here / "o" / "report.html").exists()


# Engines that cannot run


def model_folder(path: Path, content: bytes | None) -> Path:
    path.mkdir()
    if content is not None:
        for name in (
            "PP-OCRv6_det_small.onnx",
            "PP-OCRv6_rec_small.onnx",
            "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
        ):
            (path / name).write_bytes(content)
    return path


UNAVAILABLE: dict[str, tuple[str, str, str]] = {
    "not installed": ("bad=easyocr", "not_installed", "engines install easyocr"),
    "missing weights": ("bad=rapidocr:model_dir=missing", "missing_weights", "missing/"),
    "wrong weights": ("bad=rapidocr:model_dir=wrong", "wrong_hash", "wrong/"),
    "language": ("bad=parrot:lang=de", "unsupported_language", "'de'"),
    "device": ("bad=parrot:device=cuda", "unsupported_device", "cuda"),
    "does not load": ("bad=parrot:fault=load", "load_failed", "parrot"),
    "cannot say what it is": ("bad=parrot:fault=identify", "start_failed", "parrot"),
    "worker does not start": (f"bad=faulty:load=crash:{HOSTED}", "start_failed", "SIGSEGV"),
}


@pytest.mark.parametrize("case", UNAVAILABLE)
def test_an_engine_that_cannot_run_takes_nothing_down(
    case: str, here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCR_PLUGINS_HOME", str(here / "home"))
    model_folder(here / "missing", None)
    model_folder(here / "wrong", b"not a model")
    spec, kind, words = UNAVAILABLE[case]
    told(here / "a.png", "text")
    done = cli("compare", "a.png", "-e", f"{spec},parrot", "--out", "o", "-q")
    assert done.status == 1
    assert words in one_line(done)
    assert one_line(done).startswith("bad: ")
    failed, read = results(here / "o")
    assert (failed["engine"], failed["source"], failed["page"]) == ("bad", None, None)
    assert failed["error"]["kind"] == kind
    assert failed["error"]["message"]
    assert (read["engine"], read["text"]) == ("parrot", "text")
    summary = json.loads((here / "o/summary.json").read_text())["engines"]
    assert words in summary["bad"]["error"]
    assert summary["parrot"]["error"] is None
    alone = cli("read", "a.png", "-e", spec, "--json", "-q")
    assert alone.status == 2
    assert [(r["engine"], r["error"]["kind"]) for r in alone.records] == [("bad", kind)]


@pytest.mark.parametrize(("fault", "kind"), [("read", "engine_failed"), ("few", "bad_output")])
def test_an_engine_that_breaks_its_contract(fault: str, kind: str, here: Path, cli: Cli) -> None:
    for name in "abc":
        told(here / f"{name}.png", name)
    done = cli("compare", ".", "-e", f"bad=parrot:fault={fault}:workers=0,good=parrot", "--out", "o", "-q")
    assert done.status == 1
    found = [(r["engine"], r["text"], (r["error"] or {}).get("kind")) for r in results(here / "o")]
    assert found[0] == ("bad", "a", None)
    assert found[1] == ("bad", None, kind)
    assert found[2][2]
    assert found[3:] == [("good", name, None) for name in "abc"]


def test_an_engine_that_ends_badly_has_read_all_the_same(here: Path, cli: Cli) -> None:
    told(here / "a.png", "x")
    done = cli("compare", "a.png", "-e", "bad=parrot:fault=close,parrot", "-q", "--json")
    assert (done.status, list(done.json["engines"])) == (0, ["bad", "parrot"])


def test_crash_hang_and_nonsense_cost_their_pages(here: Path, engines: Path) -> None:
    faults = {
        "crash": faulty.SEGFAULT,
        "hang": faulty.HANG,
        "nonsense": faulty.NO_TEXT,
        "raise": faulty.RAISE,
    }
    order = ["fine1", "crash", "fine2", "hang", "fine3", "nonsense", "raise", "fine4"]
    for name in order:
        pixels = np.full((8, 8), faults.get(name, faulty.FINE), np.uint8)
        Image.fromarray(pixels).save(here / f"{name}.png")
    files = [f"{name}.png" for name in order]
    spec = f"faulty:timeout=3:{HOSTED}"
    done = ocr("read", *files, "-e", spec, "--out", "o", "-q", env=environment(engines))
    assert done.status == 1
    assert len(done.errors) == 4
    records = results(here / "o")
    assert [record["source"] for record in records] == files
    kinds = {r["source"].split(".")[0]: r["error"] and r["error"]["kind"] for r in records}
    assert kinds == dict.fromkeys([f"fine{n}" for n in range(1, 5)]) | {
        "crash": "crashed", "hang": "timeout", "nonsense": "engine_failed", "raise": "engine_failed",
    }  # fmt: skip
    assert all(record["engine"] == spec and record["page"] == 1 for record in records)


# Ctrl-C


@pytest.mark.parametrize("place", ["here", "worker"])
@pytest.mark.parametrize("command", ["read", "compare"])
def test_an_interrupt_keeps_what_was_read(command: str, place: str, here: Path, engines: Path) -> None:
    for number in range(60):
        told(here / "in" / f"p{number}.png", f"text {number}")
    slow = "slow=parrot:delay=0.3" + (f":{HOSTED}" if place == "worker" else "")
    arguments = [command, "in", "-e", slow, "-e", "later=parrot", "--out", "o", "-q"]
    file = here / "o" / "results.jsonl"
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(engines),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heeding_interrupts,
    ) as process:
        while process.poll() is None and not (file.exists() and file.read_bytes().count(b"\n") >= 2):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert err.decode().count("\n") == 1
    assert b"interrupted" in err
    kept = results(here / "o")
    assert 2 <= len(kept) < 60
    assert [(r["engine"], r["text"]) for r in kept] == [("slow", f"text {n}") for n in range(len(kept))]
    if command == "compare":
        summary = json.loads((here / "o/summary.json").read_text())
        assert summary["interrupted"] is True
        assert summary["engines"]["slow"]["pages"] == len(kept)
        assert "interrupted" in (here / "o/report.html").read_text()


def test_a_second_run_keeps_the_results_of_the_first(here: Path, cli: Cli) -> None:
    told(here / "a.png", "first")
    cli("compare", "a.png", "-e", "parrot", "--out", "o")
    told(here / "a.png", "second")
    cli("compare", "a.png", "-e", "parrot", "--out", "o")
    previous = (here / "o/results.previous.jsonl").read_text()
    assert json.loads(previous)["text"] == "first"
    assert [record["text"] for record in results(here / "o")] == ["second"]


# Progress


def test_progress_is_plain_lines_without_a_terminal(here: Path, cli: Cli) -> None:
    for name in "abc":
        told(here / f"{name}.png", "SECRET")
    Image.new("L", (1, 1)).save("dot.png")
    done = cli("compare", ".", "-e", "parrot,null", "--out", "o")
    progress = [line for line in done.errors if "dot.png" not in line]
    assert [re.sub(r"\d+\.\d+ s/page, \d+", "N s/page, N", line) for line in progress[:3]] == [
        "parrot 1/3 a.png N s/page, N s left",
        "parrot 2/3 b.png N s/page, N s left",
        "parrot 3/3 c.png N s/page, N s left",
    ]
    assert len(progress) == 6
    assert "\x1b" not in done.err
    assert "SECRET" not in done.err
    assert cli("compare", "a.png", "-e", "parrot", "-q").err == ""


def test_progress_is_a_bar_on_a_terminal(here: Path, engines: Path) -> None:
    for name in "abc":
        told(here / f"{name}.png", "SECRET")
    Image.new("L", (1, 1)).save("dot.png")
    err, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "read", ".", "-e", "parrot:delay=0.5", "--json"],
        env=environment(engines, TERM="xterm-256color"), stdout=subprocess.PIPE, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    drawn = b""
    while True:
        try:
            chunk = os.read(err, 65536)
        except OSError:  # how Linux says that the other side has closed
            break
        if not chunk:
            break
        drawn += chunk
    os.close(err)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert [json.loads(line)["text"] for line in out.decode().splitlines()] == [
        None,
        "SECRET",
        "SECRET",
        "SECRET",
    ]
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode())
    for wanted in ("parrot:delay=0.5", "1/3", "s/page", "0:00:0", "b.png", "━", "dot.png has 1x1 px"):
        assert wanted in shown
    assert "SECRET" not in shown


# evaluate


def evaluated(cli: Cli, reference: str, hypothesis: str, *arguments: str) -> Any:
    Path("reference.txt").write_text(reference, encoding="utf-8")
    Path("hypothesis.txt").write_text(hypothesis, encoding="utf-8")
    done = cli("evaluate", "reference.txt", "hypothesis.txt", "--json", *arguments)
    assert done.status == 0
    return done.json


def test_evaluate_equals_jiwer(here: Path, cli: Cli) -> None:
    truth, read = "The quick brown fox\njumps, over it.\n", "The qvick  brown\nfox jumps over it"
    score = evaluated(cli, truth, read, "--convention", "jiwer")
    assert score["cer"] == pytest.approx(jiwer.cer(truth, read))
    assert score["wer"] == pytest.approx(jiwer.wer(truth, read))
    assert score["convention"] == "jiwer"


def test_evaluate_takes_one_letter_for_one(here: Path, cli: Cli) -> None:
    assert evaluated(cli, "caf\u00e9", "cafe\u0301")["cer"] == 0
    assert evaluated(cli, "abc", "abd")["cer"] == pytest.approx(1 / 3)
    assert evaluated(cli, "", "")["cer"] in (0, None)


def test_evaluate_shows_percents(here: Path, cli: Cli) -> None:
    (here / "a.txt").write_text("abcd")
    (here / "b.txt").write_text("abcx")
    done = cli("evaluate", "a.txt", "b.txt")
    assert (done.status, done.err) == (0, "")
    assert row(done.out, "cer") == ["cer", "25.00%"]
    assert "1 text," in done.out


def test_evaluate_folders(here: Path, cli: Cli) -> None:
    for name, text in {
        "t/a.gt.txt": "aaaa",
        "t/b.txt": "bbbb",
        "t/b.gt.txt": "cccc",
        "t/d.txt": "dddd",
    }.items():
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(text)
    (here / "h").mkdir()
    (here / "h/a.txt").write_text("aaab")
    (here / "h/b.txt").write_text("cccc")
    done = cli("evaluate", "t", "h", "--json")
    assert done.status == 1
    assert done.json["missing_files"] == ["d.txt"]
    assert done.json["cer"] == pytest.approx(5 / 12)
    assert "h/d.txt" in one_line(done)
    (here / "empty").mkdir()
    assert "no *.txt" in one_line(cli("evaluate", "empty", "t"))


def test_evaluate_json_of_a_wrong_call_is_an_error_record(here: Path, cli: Cli) -> None:
    done = cli("evaluate", "x", "y", "--json")
    assert done.status == 2
    assert done.records[0]["error"]["message"] == "x does not exist"


# engines


def test_engines_lists_states(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_PLUGINS_HOME", str(tmp_path))
    listed = {state["name"]: state for state in cli("engines", "--json").json}
    assert set(listed) >= {"easyocr", "faulty", "null", "parrot", "rapidocr", "tesseract"}
    for state in listed.values():
        assert set(state) >= {"name", "state", "version", "weights", "capabilities"}
    assert listed["tesseract"]["state"] == "ready"
    assert listed["tesseract"]["capabilities"]["takes"] == ["page", "line", "word"]
    assert all(len(digest) == 64 for digest in listed["rapidocr"]["weights"].values())
    assert listed["easyocr"]["state"].endswith("ocr-plugins engines install easyocr")
    assert listed["easyocr"]["version"] is None
    plain = cli("engines")
    assert plain.status == 0
    assert row(plain.out, "null") == ["null 1", "ready"]
    assert row(plain.out, "easyocr") == ["easyocr", listed["easyocr"]["state"]]


def test_broken_adapters_are_named(here: Path, engines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "grumpy.py").write_text(
        "from parrot_engine import *\nclass Grumpy(ParrotEngine):\n identify = None\n"
    )
    register(here / "more", grumpy="grumpy:Grumpy", gone="no_such_module:Engine", odd="json:dumps")
    paths = os.pathsep.join(map(str, [here, here / "more", PLUGINS]))
    done = ocr("engines", "--json", env=os.environ | {"PYTHONPATH": paths})
    assert done.status == 0
    listed = {state["name"]: state["state"] for state in done.json}
    assert listed["null"] == "ready"
    assert "No module named 'no_such_module'" in listed["gone"]
    assert "not a BaseEngine" in listed["odd"]
    assert "grumpy" in listed["grumpy"]


def row(table: str, first: str) -> list[str]:
    """The cells of the table's row that begins with ``first``."""
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")] for line in table.splitlines() if "│" in line
    ]
    (found,) = [cells for cells in rows if cells[0].split()[0] == first]
    return found


def one_line(done: Done) -> str:
    """The one line of stderr."""
    assert len(done.errors) == 1, done.err
    return done.errors[0]
