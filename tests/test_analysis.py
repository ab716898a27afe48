"""What a study says besides its table, part by part."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_ensemble_alignment import text_only

from ocr_plugins.analysis.confusions import confusions
from ocr_plugins.analysis.contests import holm, matches
from ocr_plugins.analysis.fields import find_fields, read_fields
from ocr_plugins.analysis.pareto import front
from ocr_plugins.analysis.reliability import reliability
from ocr_plugins.evaluation.uncertainty import Sampled

INVOICE = """Invoice INV-20391/A   12 March 2021
Mr. John B. Smith, Kings Road 5
due 2021-04-11, total $1,204.50 (net 1,012.18)
IBAN DE89370400440532013000, call 555-0199"""


def test_fields_are_found_by_their_shape() -> None:
    found = {kind: sorted(fields) for kind, fields in find_fields(INVOICE).items()}
    assert found["date"] == ["12 March 2021", "2021-04-11"]
    assert found["amount"] == ["$1,204.50", "1,012.18"]
    assert found["code"] == ["555-0199", "DE89370400440532013000", "INV-20391/A"]
    assert found["name"] == ["John B. Smith", "Kings Road"]


@pytest.mark.parametrize("text", ["", "no fields in here", "3.14159", "a-b-c", "THE END"])
def test_text_without_fields(text: str) -> None:
    assert not any(find_fields(text).values())


def test_fields_are_right_or_wrong() -> None:
    reading = INVOICE.replace("1,204.50", "1,204.5O").replace("Smith", "Srnith").replace("\n", "  ")
    counted = read_fields(INVOICE, reading)
    assert (counted["date"].right, counted["date"].total) == (2, 2)
    assert (counted["amount"].right, counted["amount"].total) == (1, 2)
    assert (counted["name"].right, counted["name"].total) == (1, 2)
    assert counted["name"].share == 0.5
    assert read_fields("", "")["date"].share is None


def test_a_field_counts_as_often_as_it_stands_and_case_may_be_folded() -> None:
    assert read_fields("AB1234 AB1234", "AB1234")["code"].right == 1
    assert read_fields("AB1234", "ab1234")["code"].right == 0
    assert read_fields("AB1234", "ab1234", casefold=True)["code"].right == 1
    assert read_fields("AB1234", "XAB12345")["code"].right == 0


def test_confusions_are_counted() -> None:
    page = text_only("the 1azy d0g\nmodem times, modem ways")
    found = confusions(page, text_only("the lazy dog\nmodern times, modern ways"))
    assert found["rn", "m"] == 2
    assert found["l", "1"] == found["o", "0"] == 1
    assert not confusions(page, page)


def test_confusions_are_of_characters_not_of_text() -> None:
    truth = text_only("an altogether different line of print")
    assert not confusions(text_only("something else"), truth)


def test_matches_are_corrected_for_their_number() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(5, 50, 40).astype(float)
    errors = {"good": base, "same": base + rng.normal(0, 3, 40), "poor": base * 1.5}
    found = {(one.first, one.second): one for one in matches(errors, Sampled.of(list(map(str, range(40)))))}
    assert not found["good", "same"].differs
    assert found["good", "poor"].differs
    assert found["good", "poor"].ratio.value == pytest.approx(2 / 3, abs=0.01)
    assert all(one.p <= one.corrected for one in found.values())


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_never_lowers(ps: list[float]) -> None:
    corrected = holm(ps)
    assert all(p <= c <= 1 for p, c in zip(ps, corrected, strict=True))
    for one, other in zip(sorted(ps), sorted(corrected), strict=True):
        assert one <= other


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_only_what_is_worth_its_cost_is_on_the_front() -> None:
    costs = {"slow": (9.0, 0.01), "fast": (1.0, 0.05), "worse": (2.0, 0.06), "fair": (3.0, 0.02)}
    assert front(costs) == ["fast", "fair", "slow"]
    assert front({"one": (1.0, 0.1), "other": (1.0, 0.1)}) == ["one"]
    assert front({}) == []


def test_reliability_of_an_honest_and_of_a_boastful_engine() -> None:
    rng = random.Random(0)
    sure = [rng.random() for _ in range(3000)]
    honest = reliability([(one, rng.random() < one) for one in sure])
    boastful = reliability([(0.9 + one / 10, rng.random() < 0.5) for one in sure])
    assert honest is not None
    assert boastful is not None
    assert honest.error < 0.04 < 0.4 < boastful.error
    assert honest.first_tenth is not None
    assert honest.first_tenth > 0.85
    assert honest.bins[0].right < 0.2
    assert sum(one.words for one in honest.bins) == 3000
    assert reliability([]) is None
    assert reliability([(0.5, True)] * 5).first_tenth is None  # type: ignore[union-attr]
