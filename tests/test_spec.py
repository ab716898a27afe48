"""EngineSpecs and options: the one grammar, and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_plugins.errors import CallError
from ocr_plugins.languages import normalise_lang, tesseract_lang
from ocr_plugins.options import Options, describe_options, option, parse_options
from ocr_plugins.spec import EngineSpec, parse_spec, parse_specs

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,8}", fullmatch=True)
values = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=10)
labels = st.from_regex(r"[A-Za-z0-9_+.-]{1,8}", fullmatch=True)
specs = st.builds(
    EngineSpec,
    names,
    st.dictionaries(names, values, max_size=3).map(lambda d: tuple(d.items())),
    st.just("") | labels,
)


@given(specs)
def test_a_spec_survives_its_text(spec: EngineSpec) -> None:
    assert parse_spec(str(spec)) == spec


@given(st.lists(specs, min_size=1, max_size=4, unique_by=lambda spec: spec.label))
def test_specs_survive_a_comma_separated_list(several: list[EngineSpec]) -> None:
    assert list(parse_specs(",".join(map(str, several)))) == several


def test_the_example_of_the_grammar() -> None:
    spec = parse_spec("tess6=tesseract:psm=6")
    assert (spec.name, spec.options, spec.label) == ("tesseract", (("psm", "6"),), "tess6")


def test_the_label_is_the_spec_where_none_is_given() -> None:
    assert parse_spec("tesseract:psm=6").label == "tesseract:psm=6"
    assert parse_spec("tesseract").with_defaults(lang="de").label == "tesseract"


def test_a_value_wins_over_a_default() -> None:
    assert dict(parse_spec("a:lang=fr").with_defaults(lang="de", device=None).options) == {"lang": "fr"}


def test_a_backslash_takes_meaning_away() -> None:
    assert parse_spec(r"a:dir=C\:\\x\,y").options == (("dir", r"C:\x,y"),)


@pytest.mark.parametrize(
    "text",
    ["", ",", "a,,b", "=a", "a=", "a:", "a:b", "a:=1", "a:b=1:b=2", "a,a", "x=a,x=b", "a b", "a/b=c", "1a"],
)
def test_refuses(text: str) -> None:
    with pytest.raises(CallError) as caught:
        parse_specs(text)
    assert "\n" not in str(caught.value)


def test_a_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "engines.toml"
    recipe.write_text('[engines.tess6]\nengine = "tesseract"\npsm = 6\nfast = true\n[engines.rapidocr]\n')
    tess, rapid, extra = parse_specs(f"{recipe},null")
    assert tess == EngineSpec("tesseract", (("psm", "6"), ("fast", "true")), "tess6")
    assert (rapid.name, rapid.label, extra.name) == ("rapidocr", "rapidocr", "null")


@pytest.mark.parametrize(
    "text",
    ["", "engines = 1", "[engines]\na = 1", "[engines.a]\nb = [1]", "not toml", '[engines.a]\nengine = "/"'],
)
def test_a_recipe_refuses(tmp_path: Path, text: str) -> None:
    recipe = tmp_path / "engines.toml"
    recipe.write_text(text)
    with pytest.raises(CallError):
        parse_specs(str(recipe))


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"nowhere\.toml does not exist"):
        parse_specs(str(tmp_path / "nowhere.toml"))


@dataclass(frozen=True, kw_only=True)
class Every(Options):
    whole: int = option(3, "a whole number", minimum=1, maximum=9)
    real: float = option(0.5, "a number", minimum=0.0)
    flag: bool = option(True, "yes or no")
    choice: Literal["a", "b"] = option("a", "one of two")
    folder: Path | None = option(None, "a folder")


def test_options_are_converted() -> None:
    given_texts = {
        "whole": "4",
        "real": "1e-3",
        "flag": "false",
        "choice": "b",
        "folder": "/x",
        "lang": "eng",
    }
    options = parse_options(Every, "e", given_texts)
    assert options == Every(whole=4, real=0.001, flag=False, choice="b", folder=Path("/x"), lang="en")
    assert "folder" not in options.to_dict()


@pytest.mark.parametrize(
    ("given_texts", "words"),
    [
        ({"whol": "4"}, "did you mean whole"),
        ({"whole": "x"}, "a whole number"),
        ({"whole": "10"}, "1 to 9"),
        ({"real": "-1"}, "at least"),
        ({"real": "nan"}, "out of range"),
        ({"flag": "maybe"}, "true or false"),
        ({"choice": "c"}, "choose a, b"),
        ({"lang": ""}, "empty"),
    ],
)
def test_options_refuse(given_texts: dict[str, str], words: str) -> None:
    with pytest.raises(CallError, match=words):
        parse_options(Every, "e", given_texts)


def test_options_describe_themselves() -> None:
    described: Any = describe_options(Every)
    assert described["whole"] == {"help": "a whole number", "default": 3, "minimum": 1, "maximum": 9}
    assert described["choice"]["choices"] == ["a", "b"]


@pytest.mark.parametrize(
    ("given_code", "normal", "model"),
    [
        ("en", "en", "eng"),
        ("eng", "en", "eng"),
        ("en-GB", "en", "eng"),
        ("EN+deu", "en+de", "eng+deu"),
        ("xx", "xx", "xx"),
    ],
)
def test_languages(given_code: str, normal: str, model: str) -> None:
    assert normalise_lang(given_code) == normal
    assert tesseract_lang(normal) == model


def test_defaults_keep_the_label() -> None:
    for text in ("tesseract:psm=6", "tesseract", "tess6=tesseract:psm=6"):
        spec = parse_spec(text)
        again = spec.with_defaults(lang="de", device=None)
        assert (again.label, dict(again.options)["lang"]) == (spec.label, "de")
        assert again.with_defaults(lang="en") == again
