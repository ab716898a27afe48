"""Fields in the widget: taken out of the vote with what a person said in it, and mended by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from ocr_plugins.widgets import Comparison, compare, leaderboard
from ocr_plugins.widgets.edits import corrected
from ocr_plugins.widgets.extracting import found_on
from ocr_plugins.widgets.state import Ballot, Edit, FoundField, History
from ocr_plugins.widgets.views import Viewer

import ocr_plugins
from ocr_plugins.document import Page
from ocr_plugins.errors import CallError
from ocr_plugins.fields import Extractor, ExtractorOptions, Field, Row

BALLOT = Ballot(method="learned", without=[])


@pytest.fixture
def bought(receipt: Path, kept: Path) -> Comparison:
    """A receipt under two engines, with its fields."""
    return compare(receipt, "tesseract,crnn", fields="receipt", corrections=kept, block=True)


def found(widget: Comparison) -> dict[str, FoundField]:
    assert widget.wait(60)
    assert widget.found is not None
    assert widget.found["error"] is None
    return {field["id"]: field for field in widget.found["fields"]}


def cell_of(widget: Comparison, text: str) -> str:
    words = widget.words
    return str(words.loc[words["vote"] == text, "cell"].iloc[0])


def test_fields_are_shown_with_their_words(bought: Comparison) -> None:
    fields = found(bought)
    assert fields["field:total"]["value"] == "9.00"
    assert fields["field:total"]["kind"] == "amount"
    assert fields["field:date"]["value"] == "2018-01-25"
    assert fields["field:date"]["kind"] == "date"
    assert 0 < fields["field:total"]["probability"] <= 1
    box = fields["field:total"]["boxes"][-1]
    cells = [
        cell["box"] for line in bought.view["lines"] for cell in line if cell["learned"]["text"] == "9.00"
    ]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    assert any(x0 < x < x1 and y0 < y < y1 for x0, y0, x1, y1 in cells)


def test_what_a_page_does_not_have_can_be_said(bought: Comparison) -> None:
    assert found(bought)["field:tax"]["value"] == ""
    assert "tax" not in set(bought.fields["field"])
    bought.correct("field:tax", "0.54")
    row = bought.fields.set_index("field").loc["tax"]
    assert row["correction"] == "0.54"
    assert row.isna()["value"]


def test_a_field_follows_a_word_that_is_corrected(bought: Comparison) -> None:
    bought.correct(cell_of(bought, "25/01/2018"), "26/01/2018")
    assert found(bought)["field:date"]["value"] == "2018-01-26"
    bought.correct(cell_of(bought, "25/01/2018"), None)
    assert found(bought)["field:date"]["value"] == "2018-01-25"


def test_a_field_follows_the_vote(bought: Comparison) -> None:
    bought.ballot = {"method": "learned", "without": ["crnn", "tesseract"]}
    assert bought.wait(60)
    assert bought.found["error"] == "nobody votes on this page: let an engine vote"
    bought.ballot = {"method": "majority", "without": ["crnn"]}
    assert found(bought)["field:total"]["value"] == "9.00"


def test_a_field_that_is_mended_is_there_again(bought: Comparison, receipt: Path, kept: Path) -> None:
    bought.correct("field:total", "19.00")
    again = compare(receipt, "crnn", fields="receipt", corrections=kept, block=True)
    assert found(again)["field:total"]["kept"] == "19.00"
    row = again.fields.set_index("field").loc["total"]
    assert (row["value"], row["correction"], row["cell"]) == ("9.00", "19.00", "field:total")
    again.correct("field:total", None)
    last = compare(receipt, "crnn", fields="receipt", corrections=kept, block=True)
    assert len(last.fields) == 4
    assert last.fields["correction"].isna().all()


def test_a_mended_field_is_no_word(bought: Comparison, tmp_path: Path) -> None:
    bought.correct("field:total", "19.00")
    assert bought.words["correction"].isna().all()
    with pytest.raises(CallError, match="no word was corrected"):
        bought.export(tmp_path / "truth")


@pytest.mark.parametrize("text", ["c@d", None])
def test_what_was_said_before_is_of_the_field_that_has_moved(text: str | None) -> None:
    before = {"field:email@10,10,100,30": "a@b", "field:email@10,10,100,30#2": "b@b"}
    here = (11.0, 10.0, 101.0, 30.0)
    now = {"field:email@11,10,101,30": here, "field:email@11,10,101,30#2": here, "11,10,101,30": here}
    said = History(edits=[Edit(page="p", cell="field:email@11,10,101,30", text=text)], done=1)
    expected = {"field:email@11,10,101,30#2": "b@b"}
    if text:
        expected["field:email@11,10,101,30"] = text
    assert corrected(said, "p", before, now) == expected


def test_what_was_said_of_one_of_several_stays_with_it(receipt: Path, kept: Path) -> None:
    widget = compare(receipt, "crnn", fields="amounts", corrections=kept, block=True)
    (shelf,) = (field["id"] for field in widget.found["fields"] if field["value"] == "4.00")
    (hook,) = (field["id"] for field in widget.found["fields"] if field["value"] == "5.00")
    widget.correct(shelf, "4.44")
    widget.correct(hook, "5.55")
    # Another engine puts the same boxes a little elsewhere.
    widget.add("tesseract", block=True)
    said = widget.fields.set_index("value")["correction"].dropna().to_dict()
    assert said == {"4.00": "4.44", "5.00": "5.55"}
    # What is no amount any more is not forgotten, and its place is taken by no other.
    widget.correct(cell_of(widget, "4.00"), "four")
    fields = widget.fields
    assert fields.loc[fields["correction"] == "4.44", "value"].isna().all()
    assert fields.dropna(subset=["value"]).set_index("value")["correction"].dropna().to_dict() == {
        "5.00": "5.55"
    }


def test_what_was_said_is_there_where_nobody_votes(bought: Comparison) -> None:
    bought.correct("field:total", "19.00")
    bought.ballot = {"method": "learned", "without": ["crnn", "tesseract"]}
    assert bought.wait(60)
    fields = bought.fields
    assert fields["error"].dropna().tolist() == ["nobody votes on this page: let an engine vote"]
    assert fields.set_index("field")["correction"].dropna().to_dict() == {"total": "19.00"}


def test_a_study_is_shown_with_its_fields(receipt: Path) -> None:
    study = ocr_plugins.compare(receipt, "crnn")
    widget = leaderboard(study, fields="receipt", corrections=False)
    assert widget.fields.set_index("field").loc["total"]["value"] == "9.00"
    assert '"field:total"' in widget.to_html()


def test_wrong_extractors_are_told_at_once(receipt: Path) -> None:
    with pytest.raises(CallError, match="did you mean receipt"):
        compare(receipt, "crnn", fields="reciept")


def test_without_fields_there_are_none(receipt: Path) -> None:
    widget = compare(receipt, "crnn", corrections=False, block=True)
    assert widget.found is None
    with pytest.raises(CallError, match="no fields were asked for"):
        _ = widget.fields


class Broken(Extractor[ExtractorOptions]):
    name = "broken"
    help = "fails"
    options_type = ExtractorOptions

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:
        raise ZeroDivisionError(page.text)


def test_an_extractor_that_fails_is_told(bought: Comparison) -> None:
    study = bought.study
    (item,) = study.corpus.items
    told = found_on(Viewer(study), item, {}, BALLOT, [Broken(ExtractorOptions())])
    assert told["error"] == "extractor 'broken' failed (ZeroDivisionError)"


def test_a_listener_that_fails_stops_no_search(bought: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)

    def fail(_: object) -> None:
        raise ZeroDivisionError

    bought.observe(fail, "found")
    bought.correct("field:total", "19.00")
    bought.correct(cell_of(bought, "25/01/2018"), "26/01/2018")
    assert bought.wait(60)
    assert failed
    bought.unobserve(fail, "found")
    bought.correct(cell_of(bought, "25/01/2018"), "27/01/2018")
    assert found(bought)["field:date"]["value"] == "2018-01-27"
