"""What may come to votes and studies: one engine, no boxes, no text, any script, and long pages."""

from __future__ import annotations

import random
import string
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from running import ocr
from test_cascade import Desk
from test_ensemble_alignment import page, text_only
from test_learned_vote import sure_page

import ocr_plugins
from ocr_plugins.analysing import Analysis, analyse
from ocr_plugins.analysis.confusions import confusions
from ocr_plugins.api import run_engines
from ocr_plugins.calibrating import calibrate_study
from ocr_plugins.document import Level, Line, Page, PageError, Polygon, Word
from ocr_plugins.ensemble.judging import judged
from ocr_plugins.ensemble.oracle import oracle
from ocr_plugins.ensemble.ranking import Beliefs, estimate_page, rank
from ocr_plugins.ensemble.vote import Vote
from ocr_plugins.ensemble.voters import choose_voters
from ocr_plugins.evaluation import get_convention
from ocr_plugins.evaluation.graphemes import graphemes
from ocr_plugins.ranked import rank_study
from ocr_plugins.study_outputs import cascade_of, recipe_of

METHODS = ("majority", "confidence", "learned")
ROWS = ("the quick brown fox", "jumps over the lazy dog", "and reads modern letters")
TEXT = "\n".join(ROWS)
# Two ways to misread it.
ZEROS, CLOSED = TEXT.replace("o", "0"), TEXT.replace("e", "c")

every_method = pytest.mark.parametrize("method", METHODS)


def boxed(text: str) -> Page:
    """With a box for each word, in lines one below the other."""
    return page(*((row, 10.0, 10.0 + 40 * number) for number, row in enumerate(text.split("\n"))))


def voted(method: str, **readings: Page | PageError) -> Vote:
    found = ocr_plugins.vote(readings, method)
    assert isinstance(found, Vote)
    return found


def studied(
    folder: Path,
    readings: Mapping[str, Sequence[Page]],
    truth: Sequence[str] = (),
    votes: Sequence[str] = ("vote", "cascade"),
) -> Analysis:
    """A study of what each program has read of pages p0, p1 and so on."""
    desk = Desk(folder)
    folder.mkdir(exist_ok=True)
    for name, pages in readings.items():
        desk.put(name, {f"p{number}": one for number, one in enumerate(pages)})
    for number, text in enumerate(truth):
        (folder / "truth").mkdir(exist_ok=True)
        (folder / "truth" / f"p{number}.txt").write_text(text, encoding="utf-8")
    return analyse(
        run_engines(
            desk.scans,
            desk.engines(*readings, *votes),
            truth=folder / "truth" if truth else None,
            convention="default",
            store=False,
        )
    )


def rates(analysis: Analysis) -> dict[str, float]:
    """The error rate of each engine."""
    return dict(zip(analysis.leaderboard["engine"], analysis.leaderboard["cer"], strict=True))


# --- one engine ---


@every_method
@pytest.mark.parametrize("reading", [boxed(TEXT), text_only(TEXT)])
def test_one_reading_stays_as_it_is(method: str, reading: Page) -> None:
    found = voted(method, one=reading)
    assert (found.voters, found.dropped) == (("one",), {})
    assert found.page.text == TEXT
    boxes = [word.polygon for line in reading.iter_lines() for word in line.words]
    assert [word.polygon for word in found.page.iter_words()] == (boxes or [None] * len(TEXT.split()))


@pytest.mark.parametrize(("method", "sure"), [("majority", [1, 1]), ("confidence", [0.3, 0.9])])
def test_the_vote_of_one_is_as_sure_as_its_method_can_tell(method: str, sure: list[float]) -> None:
    for said, told in zip((0.3, 0.9), sure, strict=True):
        words = voted(method, one=sure_page(said, (ROWS[0], 10, 10))).words
        assert [word.probability for word in words] == pytest.approx([told] * 4)


def test_the_learned_vote_of_one_is_surer_where_the_engine_is() -> None:
    doubting, sure = (voted("learned", one=sure_page(said, (ROWS[0], 10, 10))).words for said in (0.3, 0.9))
    for one, other in zip(doubting, sure, strict=True):
        assert 0 < one.probability < other.probability < 1


def test_a_study_of_one_engine_has_scores_and_recommends_nothing(tmp_path: Path) -> None:
    found = studied(tmp_path, {"one": [boxed(ZEROS), boxed(TEXT)]}, [TEXT, TEXT])
    assert set(rates(found)) == {"one", "vote", "cascade"}
    assert len(set(rates(found).values())) == 1
    assert found.recommendation is found.policy is None
    assert recipe_of(found) == cascade_of(found) == ""
    assert rank_study(found.study) == {}
    assert found.pages.empty
    assert set(found.words["engine"]) == {"vote"}


# --- engines that always agree ---


@every_method
def test_two_that_agree_are_no_less_sure_than_one(method: str) -> None:
    one = sure_page(0.8, (ROWS[0], 10, 10))
    alone, both = voted(method, one=one), voted(method, one=one, two=one)
    assert alone.page.text == both.page.text == ROWS[0]
    for single, joint in zip(alone.words, both.words, strict=True):
        assert joint.reason == "all agree"
        assert joint.probability > single.probability or method == "majority"


def test_of_two_that_agree_no_errors_are_seen_but_those_that_they_admit() -> None:
    readings = {"one": text_only(TEXT), "two": text_only(TEXT)}
    assert estimate_page(readings).errors == pytest.approx({"one": 0, "two": 0})
    admitted = estimate_page(readings, beliefs=Beliefs(lambda *_: 0.5, lambda *_: 0.9)).errors
    assert admitted["one"] == pytest.approx(admitted["two"])
    assert 0 < admitted["one"] < 0.1 * len(TEXT)


def test_a_study_of_two_that_agree_takes_an_engine_and_no_vote(tmp_path: Path) -> None:
    same = [boxed(ZEROS), boxed(TEXT)]
    found = studied(tmp_path, {"one": same, "two": same}, [TEXT, TEXT])
    assert len(set(rates(found).values())) == 1
    assert found.recommendation is not None
    assert found.recommendation.take == "one"
    assert "cannot be told from two" in found.recommendation.text
    assert not found.matches["differs"].any()
    assert found.policy is None
    assert {label: one.best for label, one in rank_study(found.study).items()} == {"one": 1, "two": 1}


# --- readings without boxes ---


@every_method
@pytest.mark.parametrize("without", [{"one"}, {"two", "three"}, {"one", "two", "three"}])
def test_the_vote_is_the_same_without_boxes(method: str, without: set[str]) -> None:
    texts = {"one": TEXT, "two": ZEROS, "three": CLOSED}
    found = voted(
        method, **{name: text_only(text) if name in without else boxed(text) for name, text in texts.items()}
    )
    assert found.page.text == TEXT
    have = {word.polygon is not None for word in found.page.iter_words()}
    assert have == {len(without) < 3}


def test_what_is_expected_is_the_same_without_boxes() -> None:
    texts = {"one": TEXT, "two": ZEROS, "three": CLOSED}
    plain, placed = (
        estimate_page({name: of(text) for name, text in texts.items()}) for of in (text_only, boxed)
    )
    assert plain.errors == pytest.approx(placed.errors)
    assert min(placed.errors, key=placed.rate) == "one"


@every_method
@pytest.mark.parametrize("level", ["line", "word"])
def test_what_was_cut_out_is_one_line_wherever_engines_place_it(method: str, level: Level) -> None:
    def crop(*rows: str, y: float = 0) -> Page:
        box = Polygon.from_box(0, y, 300, y + 20)
        lines = tuple(Line(text=row, polygon=box) for row in rows)
        return Page(source="a.png", page=1, size=(300, 400), level=level, lines=lines)

    found = voted(
        method, one=crop("the quick", "brown fox"), two=crop(ROWS[0], y=300), three=crop(ZEROS[:19])
    )
    assert (found.page.text, found.page.level) == (ROWS[0], level)


# --- engines that read nothing, and pages without text ---

NOTHING = {
    "no lines": Page(source="a.png", page=1, size=(1000, 1000)),
    "an empty line": text_only(""),
    "white space": text_only(" \n\t \n"),
}
nothing_at_all = pytest.mark.parametrize("nothing", NOTHING.values(), ids=NOTHING)


@every_method
@nothing_at_all
def test_who_reads_nothing_has_no_voice(method: str, nothing: Page) -> None:
    heard = {"one": boxed(TEXT), "two": boxed(ZEROS), "three": boxed(CLOSED)}
    found = voted(method, silent=nothing, **heard)
    assert found.dropped == {"silent": "empty"}
    assert set(found.voters) == set(heard)
    assert found.page.text == TEXT


@every_method
@nothing_at_all
def test_one_that_reads_is_heard_where_most_read_nothing(method: str, nothing: Page) -> None:
    found = voted(method, silent=nothing, one=boxed(ZEROS), quiet=nothing)
    assert found.voters == ("one",)
    assert found.page.text == ZEROS


@every_method
@nothing_at_all
def test_a_page_that_nobody_finds_text_on_is_empty(method: str, nothing: Page) -> None:
    crashed = PageError(source="a.png", kind="crashed", message="it crashed")
    found = voted(method, one=nothing, two=nothing, three=crashed)
    assert (found.page.text, found.words) == ("", ())
    assert found.voters == ("one", "two")
    assert found.dropped == {"three": "failed: crashed"}


@every_method
def test_a_page_that_nobody_read_is_an_error(method: str) -> None:
    crashed = PageError(source="a.png", kind="crashed", message="it crashed")
    assert ocr_plugins.vote({"one": crashed, "two": crashed}, method) is crashed


def test_a_study_puts_who_reads_nothing_last(tmp_path: Path) -> None:
    silent = [NOTHING["no lines"], NOTHING["white space"]]
    found = studied(
        tmp_path,
        {"silent": silent, "one": [boxed(TEXT), boxed(ZEROS)], "two": [boxed(CLOSED)] * 2},
        [TEXT, TEXT],
    )
    assert list(rates(found))[-1] == "silent"
    assert rates(found)["silent"] == 1
    assert found.recommendation is not None
    assert found.recommendation.take != "silent"
    ranked = rank_study(found.study)
    assert list(ranked)[-1] == "silent"
    assert ranked["silent"].cer == pytest.approx(1)
    calibrated = calibrate_study(found.study)
    assert [fit.label for fit in calibrated.fits][:2] == ["one", "two"]
    assert set(calibrated.refused) == {"silent"}
    assert "'silent' read 0 words" in str(calibrated.refused["silent"])


def test_who_reads_nothing_does_not_change_what_is_expected_of_others() -> None:
    heard = {"one": text_only(TEXT), "two": text_only(ZEROS), "three": text_only(CLOSED)}
    there = Beliefs(lambda *_: 1.0, lambda *_: None)
    found = estimate_page({**heard, "silent": text_only("")}, beliefs=there).errors
    assert found.pop("silent") == pytest.approx(len(TEXT) - TEXT.count("\n"))
    assert found == pytest.approx(estimate_page(heard, beliefs=there).errors)


@nothing_at_all
@pytest.mark.parametrize("truth", [TEXT, ""])
def test_who_reads_nothing_has_no_words_to_judge(nothing: Page, truth: str) -> None:
    assert judged(nothing, text_only(truth), get_convention("default")) == []


def test_pages_without_text_do_not_change_the_ranking() -> None:
    texts = {"one": TEXT, "two": ZEROS, "three": CLOSED}
    read = estimate_page({name: text_only(text) for name, text in texts.items()})
    blank = estimate_page(dict.fromkeys(texts, NOTHING["no lines"]))
    assert blank.errors == {"one": 0, "two": 0, "three": 0}
    alone, among = rank([read]), rank([blank, read, blank])
    assert {label: one.cer for label, one in among.items()} == {
        label: one.cer for label, one in alone.items()
    }


@pytest.mark.parametrize("truth", [[TEXT, ""], []], ids=["with truth", "without truth"])
def test_a_study_goes_on_over_pages_without_text(tmp_path: Path, truth: Sequence[str]) -> None:
    blank = NOTHING["no lines"]
    texts = {"one": TEXT, "two": ZEROS, "three": CLOSED}
    found = studied(tmp_path, {label: [boxed(text), blank] for label, text in texts.items()}, truth)
    for run in found.study.runs:
        first, second = run.results.values()
        assert isinstance(first, Page)
        assert isinstance(second, Page)
        assert (bool(first.text), second.text) == (True, "")
    assert next(iter(rank_study(found.study))) == "one"
    assert (found.pages["expected"] >= 0).all()
    if truth:
        assert [label for label, rate in rates(found).items() if rate] == ["two", "three"]


def test_a_study_of_blank_pages_alone(tmp_path: Path) -> None:
    blank = NOTHING["no lines"]
    found = studied(tmp_path, {"one": [blank], "two": [blank]}, [""])
    assert set(rates(found).values()) == {0}
    assert rank_study(found.study) == {}
    assert found.words.empty


def test_calibrate_refuses_what_read_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.put("one", {"blank": NOTHING["no lines"]})
    (tmp_path / "blank.txt").write_text("some text", encoding="utf-8")
    given = (desk.scans, "--truth", tmp_path, "--engines", desk.engines("one"), "--no-store", "-q")
    done = ocr("calibrate", *given, "--out", tmp_path / "c.json")
    assert done.status == 2
    assert "read 0 words to calibrate it on: give at least" in done.err
    assert not (tmp_path / "c.json").exists()


@pytest.mark.parametrize("method", ["confidence", "learned"])
def test_a_cascade_asks_all_of_a_blank_page_and_leaves_it_empty(tmp_path: Path, method: str) -> None:
    desk = Desk(tmp_path)
    for name in ("one", "two", "three"):
        desk.put(name, {"blank": NOTHING["no lines"]})
    found = desk.read("one", "two", "three", f"mine=cascade:method={method}")
    assert found == {label: {"blank": ""} for label in ("one", "two", "three", "mine")}


# --- ground truth without boxes ---


@pytest.mark.parametrize("made", [boxed, text_only])
def test_what_is_told_of_a_reading_does_not_need_boxes_in_the_truth(made: Callable[[str], Page]) -> None:
    reading, other = made(ZEROS), made(CLOSED)
    convention = get_convention("default")
    plain, placed = text_only(TEXT), boxed(TEXT)
    told = judged(reading, plain, convention)
    assert told == judged(reading, placed, convention)
    assert [right for _, right in told] == ["o" not in word for word in TEXT.split()]
    assert confusions(reading, plain, str) == confusions(reading, placed, str) == {("o", "0"): 5}
    assert oracle([reading, other], plain).text == oracle([reading, other], placed).text == TEXT


def test_a_study_with_boxes_is_told_by_text_alone(tmp_path: Path) -> None:
    texts = {"one": [TEXT, ZEROS], "two": [CLOSED, CLOSED]}
    with_boxes, without = (
        studied(tmp_path / name, {label: list(map(of, rows)) for label, rows in texts.items()}, [TEXT, TEXT])
        for name, of in (("boxed", boxed), ("plain", text_only))
    )
    assert rates(with_boxes) == pytest.approx(rates(without))
    assert rates(with_boxes)["one"] == pytest.approx(5 / 2 / len(TEXT))
    assert with_boxes.confusions.equals(without.confusions)


# --- any script ---

# Each has three clusters or more of several code points.
SCRIPTS = {
    "Arabic": "مَدْرَسَةٌ كَبِيرَةٌ هنا",
    "Hebrew": "בְּרֵאשִׁית בָּרָא אֱלֹהִים",
    "Devanagari": "हिन्दी में क्षत्रिय कि ज्ञान",
    "Thai": "ภาษาไทย ที่ น้ำ กำลัง",
    "decomposed": unicodedata.normalize("NFD", "Škoda při hörte façade"),
    "Hangul jamo": unicodedata.normalize("NFD", "한국어 글자"),
}
LEFTWARD = {"Arabic", "Hebrew"}
WIDTH = 12.0

every_script = pytest.mark.parametrize("script", SCRIPTS)
with_and_without_boxes = pytest.mark.parametrize("boxes", [True, False], ids=["boxes", "no boxes"])


def run_of(text: str, y: float, from_right: bool) -> Line:
    """A line whose words have boxes, in the order of the text, from the right or from the left."""
    words = []
    x = 900.0 if from_right else 10.0
    for part in text.split():
        width = WIDTH * len(graphemes(part))
        left = x - width if from_right else x
        words.append(Word(text=part, polygon=Polygon.from_box(left, y, left + width, y + 20)))
        x += (-1 if from_right else 1) * (width + WIDTH)
    return Line.of_words(words)


def page_of(*lines: Line) -> Page:
    return Page(source="a.png", page=1, size=(1000, 1000), lines=lines)


def reading_of(script: str, text: str, boxes: bool) -> Page:
    return page_of(run_of(text, 10, script in LEFTWARD)) if boxes else text_only(text)


def less_a_mark(text: str, which: int) -> str:
    """The text where one cluster lacks its last mark: of those that have any, one that no other is beside."""
    clusters = graphemes(text)
    apart: list[int] = []
    for place, cluster in enumerate(clusters):
        if len(cluster) > 1 and place - 1 not in apart:
            apart.append(place)
    clusters[apart[which]] = clusters[apart[which]][:-1]
    return "".join(clusters)


def in_words(line: Line) -> tuple[Line, ...]:
    """Each word as a line by itself."""
    return tuple(Line.of_words([word]) for word in line.words)


@every_method
@every_script
@with_and_without_boxes
def test_what_all_read_comes_out_code_point_for_code_point(method: str, script: str, boxes: bool) -> None:
    reading = reading_of(script, SCRIPTS[script], boxes)
    found = voted(method, one=reading, two=reading, three=text_only(SCRIPTS[script]))
    assert found.page.text == SCRIPTS[script]
    assert [word.text for word in found.words] == SCRIPTS[script].split()
    if boxes:
        said = [word.polygon for word in reading.iter_words()]
        assert [word.polygon for word in found.page.iter_words()] == said


@every_method
@every_script
@with_and_without_boxes
def test_marks_win_with_their_letters(method: str, script: str, boxes: bool) -> None:
    text = SCRIPTS[script]
    wrong = [less_a_mark(text, which) for which in range(3)]
    clusters = {cluster for one in (text, *wrong) for cluster in graphemes(one)}

    def of(*texts: str) -> Vote:
        readings = {f"e{number}": reading_of(script, one, boxes) for number, one in enumerate(texts)}
        return voted(method, **readings)

    # Each lacks another mark: the word is put together, cluster by cluster.
    found = of(*wrong)
    assert found.page.text == text
    for word in found.words:
        for said in (word.text, *word.scores, *word.readings.values()):
            assert set(graphemes(said)) <= clusters
    # The mark that most lack is not put back, and the one that most have is not lost.
    assert of(wrong[0], text, wrong[0]).page.text == wrong[0]
    assert of(text, wrong[0], text).page.text == text


# Two letters, a sign that stands on all of them, and four signs of which each may come last in the cluster.
RIVALS = {
    "Arabic": ("\u0628\u062a", "\u0651", "\u064e\u0650\u064f\u064b"),
    "Hebrew": ("\u05d1\u05db", "\u05bc", "\u05b8\u05b7\u05b6\u05b5"),
    "Devanagari": ("\u0915\u091c", "\u094d", "\u0937\u091e\u092e\u092f"),
    "Thai": ("\u0e17\u0e2b", "\u0e35", "\u0e48\u0e49\u0e4a\u0e4b"),
    "decomposed": ("ae", "\u0323", "\u0302\u0300\u0306\u0301"),
    "Hangul jamo": ("\u1112\u1100", "\u1161", "\u11ab\u11a8\u11af\u11b7"),
}


@every_method
@every_script
@with_and_without_boxes
def test_no_cluster_is_made_of_parts_of_others(method: str, script: str, boxes: bool) -> None:
    (letter, other), shared, last = RIVALS[script]
    texts = [letter + shared + last[0]] * 2 + [other + shared + mark for mark in last[1:]]
    assert all(graphemes(text) == [text] for text in texts)
    # More have the other letter, but no sign on it that as many have.
    found = voted(method, **{f"e{n}": reading_of(script, text, boxes) for n, text in enumerate(texts)})
    assert found.page.text == texts[0]


@every_method
@pytest.mark.parametrize("script", sorted(LEFTWARD))
def test_lines_from_right_to_left_stay_so_however_they_are_cut(method: str, script: str) -> None:
    line = run_of(SCRIPTS[script], 10, True)
    words, mirrored = page_of(*in_words(line)), page_of(*reversed(in_words(line)))
    found = voted(method, one=page_of(line), two=words, three=mirrored)
    assert found.page.text == SCRIPTS[script]
    edges = [word.polygon.box[2] for word in found.page.iter_words() if word.polygon]
    assert len(edges) == len(line.words)
    assert edges == sorted(edges, reverse=True)


@every_method
@pytest.mark.parametrize("leftward", [True, False], ids=["Hebrew among Latin", "Latin among Hebrew"])
def test_each_line_runs_its_own_way(method: str, leftward: bool) -> None:
    latin, hebrew = "words of a line", SCRIPTS["Hebrew"]
    most, one = (latin, hebrew) if leftward else (hebrew, latin)
    lines = [run_of(most, 10.0 + 40 * number, not leftward) for number in range(4)]
    line = run_of(one, 300, leftward)
    words = page_of(*lines, *in_words(line))
    found = voted(method, one=page_of(*lines, line), two=words, three=words)
    assert found.page.text.split("\n") == [*[most] * 4, one]


def test_words_that_share_a_place_run_the_way_of_their_script() -> None:
    texts = ("אב גד הוזח", "אב גדהו זח", "אבגד הו זח")
    found = voted(
        "majority", **{f"e{number}": page_of(run_of(t, 10, True)) for number, t in enumerate(texts)}
    )
    assert found.page.text == "אב גד הו זח"
    edges = [word.polygon.box[2] for word in found.page.iter_words() if word.polygon]
    assert len(edges) == 4
    assert edges == sorted(edges, reverse=True)


def test_a_line_without_words_is_divided_the_way_of_its_script() -> None:
    right, left = "ספר חדש", "שלום לכל"
    apart = page_of(
        Line(text=right, polygon=Polygon.from_box(500, 10, 584, 30)),
        Line(text=left, polygon=Polygon.from_box(300, 10, 396, 30)),
    )
    joined = page_of(Line(text=f"{right} {left}", polygon=Polygon.from_box(300, 10, 584, 30)))
    found = voted("majority", one=apart, two=apart, three=joined)
    assert {word.reason for word in found.words} == {"all agree"}


def test_the_same_text_in_another_normal_form_is_no_contradiction() -> None:
    text = "Việt Nam là một quốc gia nằm ở phía đông bán đảo Đông Dương"
    composed, decomposed = (text_only(unicodedata.normalize(form, text)) for form in ("NFC", "NFD"))
    assert not choose_voters({"one": composed, "two": composed, "three": decomposed}).dropped


# --- six engines, twenty thousand characters ---

LENGTH = 20_000
RATES = {f"e{number}": 0.02 + 0.002 * number for number in range(6)}


@pytest.fixture(scope="module")
def long_text() -> str:
    rng = random.Random(1)
    rows: list[str] = []
    while len("\n".join(rows)) < LENGTH:
        rows.append(
            " ".join("".join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 9))) for _ in range(10))
        )
    return "\n".join(rows)


@pytest.fixture(scope="module")
def long_readings(long_text: str) -> dict[str, Page]:
    """Each engine misreads other letters than the others."""
    rng = random.Random(2)
    right = 1 - sum(RATES.values())
    said = {label: list(long_text) for label in RATES}
    for place, mark in enumerate(long_text):
        (label,) = rng.choices([*RATES, None], [*RATES.values(), right])
        if label and mark.isalpha():
            said[label][place] = rng.choice(string.ascii_uppercase)
    return {label: text_only("".join(marks)) for label, marks in said.items()}


@every_method
def test_six_long_readings(method: str, long_text: str, long_readings: dict[str, Page]) -> None:
    found = voted(method, **long_readings)
    assert set(found.voters) == set(RATES)
    assert found.page.text == long_text
    assert len(found.words) == len(long_text.split())


def test_six_long_readings_of_a_single_line(long_text: str, long_readings: dict[str, Page]) -> None:
    joined = {label: text_only(one.text.replace("\n", " ")) for label, one in long_readings.items()}
    found = voted("majority", **joined)
    assert found.page.text == long_text.replace("\n", " ")


def test_six_long_readings_are_ranked(long_text: str, long_readings: dict[str, Page]) -> None:
    found = estimate_page(long_readings).errors
    wrong = {
        label: sum(mark != said for mark, said in zip(long_text, one.text, strict=True))
        for label, one in long_readings.items()
    }
    assert found == pytest.approx(wrong, rel=0.02)
    assert sorted(RATES, key=found.__getitem__) == sorted(RATES, key=wrong.__getitem__)
