"""Vision-language models behind an endpoint: a real server, which also hangs, rambles and lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ocr_plugins.adapters.vlm import ENDPOINT, KEY
from PIL import Image
from vlm_server import VlmServer, serving

from ocr_plugins.api import compare
from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.host import open_engine
from ocr_plugins.spec import parse_spec
from ocr_plugins.testing import check_engine, drawn_page

TEXT = "The quick brown fox\njumps over the lazy dog."


@pytest.fixture(scope="module")
def running() -> Iterator[VlmServer]:
    with serving() as server:
        yield server


@pytest.fixture
def server(running: VlmServer) -> VlmServer:
    running.manner, running.models = "well", [{"id": "reader-1", "owned_by": "us"}]
    running.asked.clear()
    running.keys.clear()
    return running


def read(server: VlmServer, options: str = "", level: str = "page") -> Page | PageError:
    engine = open_engine(f"vlm:endpoint={server.address}{options}")
    try:
        (result,) = engine.read([drawn_page(TEXT if level == "page" else "word", level)])  # type: ignore[arg-type]
    finally:
        engine.close()
    return result


def test_contract(server: VlmServer) -> None:
    check_engine(f"vlm:endpoint={server.address}")


def test_it_reads_and_says_who_has_read(server: VlmServer) -> None:
    page = read(server)
    assert isinstance(page, Page)
    assert page.text == TEXT
    assert page.provenance is not None
    assert page.provenance.runtime == "reader-1 us"
    assert server.asked[0]["temperature"] == 0
    assert server.keys[0] is None


@pytest.mark.parametrize("manner", ["fences", "parts"])
def test_ways_of_answering(server: VlmServer, manner: str) -> None:
    server.manner = manner
    page = read(server)
    assert isinstance(page, Page)
    assert page.text == TEXT


def test_prompt_and_version_are_in_the_fingerprint_and_the_address_is_not(server: VlmServer) -> None:
    def fingerprint(options: str = "", host: str = "127.0.0.1") -> str:
        engine = open_engine(f"vlm:endpoint={server.address.replace('127.0.0.1', host)}{options}")
        return engine.info.fingerprint

    first = fingerprint()
    assert fingerprint(host="localhost") == first
    assert fingerprint(":wait=5") == first
    assert fingerprint(":prompt=Read it.") != first
    server.models = [{"id": "reader-1", "owned_by": "them"}]
    assert fingerprint() != first


def test_the_key_comes_from_the_environment(server: VlmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "secret")
    monkeypatch.setenv(ENDPOINT, server.address)
    engine = open_engine("vlm")
    (page,) = engine.read([drawn_page(TEXT)])
    assert server.keys == ["Bearer secret"]
    assert "secret" not in str(page.to_dict())


@pytest.mark.parametrize(
    ("manner", "options", "kind", "said"),
    [
        ("hangs", ":wait=0.5", "timeout", "did not answer within 0.5 s"),
        ("trickles", ":wait=0.5", "timeout", "did not answer within 0.5 s"),
        ("begins slowly", ":wait=0.5", "timeout", "did not answer within 0.5 s"),
        ("is filtered", "", "endpoint_failed", "cut the model's answer off"),
        ("fails", "", "endpoint_failed", "status 500"),
        ("moves", "", "endpoint_failed", "status 307"),
        ("no json", "", "endpoint_failed", "no JSON object"),
        ("no text", "", "endpoint_failed", "holds no text"),
        ("floods", "", "endpoint_failed", "more than was asked for"),
        ("rambles", ":most=64", "too_long", "not finished after 64 tokens"),
        ("breaks off", "", "endpoint_failed", "no JSON object"),
        ("nests", "", "endpoint_failed", "no JSON object"),
    ],
)
def test_bad_manners_are_errors_of_the_page(
    server: VlmServer, manner: str, options: str, kind: str, said: str
) -> None:
    server.manner = manner
    error = read(server, options)
    assert isinstance(error, PageError)
    assert error.kind == kind
    assert said in error.message


def test_after_a_page_that_failed_the_next_is_read(server: VlmServer) -> None:
    server.manner = "breaks off"
    engine = open_engine(f"vlm:endpoint={server.address}")
    results = engine.read(drawn_page(TEXT) for _ in range(2))
    assert isinstance(next(results), PageError)
    server.manner = "well"
    assert isinstance(next(results), Page)


def test_spaces_and_joiners_of_scripts_stay(server: VlmServer) -> None:
    server.manner = "Mr.\u00a0Smith 12\u202f345\u200d\ud800\u0007"
    page = read(server)
    assert isinstance(page, Page)
    assert page.text == "Mr. Smith 12 345\u200d"


def test_several_lines_for_one_word_are_an_error(server: VlmServer) -> None:
    engine = open_engine(f"vlm:endpoint={server.address}")
    page = drawn_page(TEXT)
    line = type(page)(pixels=page.pixels, level="line")
    (error,) = engine.read([line])
    assert isinstance(error, PageError)
    assert error.kind == "bad_output"


def test_no_endpoint_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    with pytest.raises(EngineUnavailableError, match="no endpoint"):
        open_engine("vlm")
    with pytest.raises(EngineUnavailableError, match="no endpoint answers"):
        open_engine("vlm:endpoint=http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("endpoint=http://example.com/v1", "is not this machine"),
        ("endpoint=http://10.0.0.7:8000/v1", "is not this machine"),
        ("endpoint=ftp://127.0.0.1/v1", "is no endpoint"),
        ("endpoint=nonsense", "is no endpoint"),
        ("endpoint=http://127.0.0.1\\:port/v1", "is no endpoint"),
        ("endpoint=http://[\\:\\:1/v1", "is no endpoint"),
        ("endpoint=http://user\\:word@127.0.0.1/v1", "holds more than"),
        ("endpoint=http://127.0.0.1/v1?key=word", "holds more than"),
        ("endpoint=ftp://user\\:word@127.0.0.1/v1", "holds more than"),
        ("prompt= ", "prompt= is empty"),
    ],
)
def test_wrong_addresses_are_told(options: str, said: str) -> None:
    with pytest.raises(CallError, match=said):
        open_engine(f"vlm:{options}")


def test_a_host_may_be_allowed_by_name() -> None:
    with pytest.raises(EngineUnavailableError, match="no endpoint answers"):
        open_engine("vlm:endpoint=http://ocr.invalid:8000/v1:allow=ocr.invalid:wait=2")


def test_a_proxy_is_not_asked(server: VlmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert isinstance(read(server), Page)


def test_which_model(server: VlmServer) -> None:
    server.models = [{"id": "one"}, {"id": "two"}]
    with pytest.raises(EngineUnavailableError, match="has 2 models"):
        open_engine(f"vlm:endpoint={server.address}")
    with pytest.raises(EngineUnavailableError, match="no model 'three'"):
        open_engine(f"vlm:endpoint={server.address}:model=three")
    page = read(server, ":model=two")
    assert isinstance(page, Page)
    assert server.asked[0]["model"] == "two"
    server.manner = "no models"
    with pytest.raises(EngineUnavailableError, match="status 404"):
        open_engine(f"vlm:endpoint={server.address}")


def test_it_stands_in_studies_and_votes(server: VlmServer, tmp_path: Path) -> None:
    page = drawn_page(TEXT)
    Image.fromarray(page.pixels).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text(TEXT)
    study = compare(
        tmp_path / "a.png",
        f"vlm=vlm:endpoint={server.address},tesseract,vote",
        truth=tmp_path,
        out=tmp_path / "out",
        store=False,
    )
    assert not study.failed
    assert study.table().loc["vlm", "cer"] == 0.0
    assert study.table().loc["vote", "cer"] == 0.0


def test_ports_need_no_backslash() -> None:
    spec = parse_spec("vlm:endpoint=http://127.0.0.1:8000/v1:model=a")
    assert dict(spec.options) == {"endpoint": "http://127.0.0.1:8000/v1", "model": "a"}
    assert parse_spec(spec.text) == spec
