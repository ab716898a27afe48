"""`airflow standalone`, triggered over REST, and its pages in a browser."""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.error
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from real import Api, standalone
from running import printed

from ocr_plugins import samples
from ocr_plugins.airflow.places import run_folder

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SAID = "confidential"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standalone")


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[Api]:
    with standalone(folder / "home", AIRFLOW__OCR__PLACE=str(folder / "place")) as one:
        yield one


@pytest.fixture(scope="module")
def run(api: Api, folder: Path) -> str:
    """A run that has read a folder."""
    for n in range(3):
        printed(folder / "in" / f"scan {n}.png", f"{SAID} page {n}")
    conf = {
        "inputs": str(folder / "in"),
        "engines": "tesseract,crnn,vote",
        "formats": "text",
        "batch_pages": 2,
    }
    run = api.trigger("ocr_batch", **conf)
    assert api.ended(run) == "success"
    return run


@pytest.fixture(scope="module")
def asked(api: Api, folder: Path) -> str:
    """A run that waits for a person, about a page that leaves doubts."""
    shutil.copy(Path(samples.__file__).with_name("receipt.jpg"), folder / "receipt.jpg")
    conf = {
        "inputs": str(folder / "receipt.jpg"),
        "engines": "tesseract,crnn,vote",
        "formats": "text",
        "words": 3,
    }
    run = api.trigger("review_and_learn", **conf)
    api.wait("a person is asked", lambda: state_of(api, run, "review") in ("awaiting_input", "deferred"))
    # An answer that comes at once may be lost, as Airflow is still writing that it waits.
    time.sleep(2)
    return run


def state_of(api: Api, run: str, task: str) -> str:
    return str(next(one["state"] for one in api.tasks(run) if one["task_id"] == task))


def ids(run: str) -> str:
    """The query that names a run."""
    dag, run_id = run.split("/")[4], urllib.parse.unquote(run.split("/")[6])
    return urllib.parse.urlencode({"dag_id": dag, "run_id": run_id})


def test_a_triggered_run_reads_a_folder(api: Api, run: str, folder: Path) -> None:
    (files,) = folder.glob("place/runs/ocr_batch/*/files")
    assert sorted(path.name for path in files.iterdir()) == ["scan_0.txt", "scan_1.txt", "scan_2.txt"]
    assert (files / "scan_1.txt").read_text().split() == [SAID, "page", "1"]
    reads = [task for task in api.tasks(run) if task["task_id"] == "read"]
    assert {task["state"] for task in reads} == {"success"}
    assert {task["rendered_map_index"] for task in reads} == {
        f"{engine} ({pages} pages)" for engine in ("tesseract", "crnn") for pages in (1, 2)
    }


def test_no_text_leaves_the_place(api: Api, run: str, folder: Path) -> None:
    entries = api.call("GET", f"{run}/taskInstances/~/xcomEntries?limit=200")["xcom_entries"]
    assert entries
    told = json.dumps(
        [
            api.call(
                "GET",
                f"{run}/taskInstances/{one['task_id']}/xcomEntries/{one['key']}?map_index={one['map_index']}",
            )
            for one in entries
        ]
    )
    assert "sha256" in told
    assert SAID not in told
    logs = [path.read_text(errors="replace") for path in (folder / "home" / "logs").rglob("*.log")]
    assert any("pages" in log for log in logs)
    assert not any(SAID in log for log in logs)


def test_a_task_links_to_its_run(api: Api, run: str) -> None:
    links = api.call("GET", f"{run}/taskInstances/read/links?map_index=0")["extra_links"]
    assert links["OCR results"] == f"/ocr/run?{ids(run)}"
    assert api.status(links["OCR results"]) == 200


def test_pages_of_a_run_are_for_those_who_may_see_it(api: Api, run: str) -> None:
    stranger, forged = Api(api.base), Api(api.base)
    forged.token = "x.y.z"  # noqa: S105 - what no server gave
    for page in ("run", "report"):
        assert api.status(f"/ocr/{page}?{ids(run)}") == 200
        assert stranger.status(f"/ocr/{page}?{ids(run)}") == 401
        assert forged.status(f"/ocr/{page}?{ids(run)}") in (401, 403)


def test_a_run_is_found_by_its_id_as_the_oldest_ui_writes_it(api: Api, run: str) -> None:
    run_id = urllib.parse.unquote(run.split("/")[6])
    assert "+" in run_id
    shown = [
        api.call("GET", f"/ocr/run?{query}") for query in (ids(run), f"dag_id=ocr_batch&run_id={run_id}")
    ]
    assert shown[0] == shown[1]
    assert "tesseract" in shown[0]


@pytest.mark.parametrize("run_id", ["../../..", "..%2F..", "/etc/passwd", "nosuch", "%00"])
def test_nothing_outside_a_run_can_be_asked_for(api: Api, run: str, run_id: str) -> None:
    assert api.status(f"/ocr/report?dag_id=ocr_batch&run_id={run_id}") == 404
    assert api.status(f"/ocr/report?dag_id={run_id}&run_id={run_id}") in (403, 404)
    assert api.status(f"/ocr/static/{run_id}") == 404


@pytest.mark.parametrize("wrong", [{"batch_pages": 0}, {"inputs": ""}, {"recursive": "maybe"}])
def test_wrong_params_are_refused(api: Api, wrong: dict[str, object]) -> None:
    with pytest.raises(Exception, match=r"HTTP Error 4"):
        api.trigger("ocr_batch", **{"inputs": "x", **wrong})


def test_two_runs_over_one_folder_at_once(api: Api, folder: Path) -> None:
    names = ['it\'s "größe" 日本', "a+b: c", "up..dots", "x" * 120]
    for name in names:
        printed(folder / "odd" / f"{name}.png", "some words")
    conf = {"inputs": str(folder / "odd"), "engines": "tesseract,crnn,vote", "formats": "text"}
    runs = [api.trigger("ocr_batch", **conf) for _ in range(2)]
    assert [api.ended(run) for run in runs] == ["success", "success"]
    folders = [
        folder / "place" / run_folder("ocr_batch", urllib.parse.unquote(run.split("/")[6])) for run in runs
    ]
    texts = [sorted(path.name for path in one.joinpath("files").iterdir()) for one in folders]
    assert texts[0] == texts[1]
    assert len(texts[0]) == len(names)
    for one in folders:
        summary = json.loads(one.joinpath("summary.json").read_text())
        assert {row["pages"] - row["errors"] for row in summary["engines"].values()} == {len(names)}
        # Whichever run came first to a page has read it, and both hold the same.
        assert {path.read_text() for path in one.joinpath("files").iterdir()} == {"some words\n"}


def about_review(run: str) -> str:
    return f"{ids(run)}&task_id=review&map_index=-1"


def test_words_in_doubt_have_pictures_and_no_text_outside_the_place(api: Api, asked: str) -> None:
    detail = api.call("GET", f"{asked}/taskInstances/review/-1/hitlDetails")
    assert not detail["response_received"]
    assert detail["defaults"] is None
    assert set(detail["params"]) == {"word_001", "word_002", "word_003"}
    picture = api.call("GET", f"/ocr/review/word.svg?{about_review(asked)}&word=1")
    readings = re.findall(r"font-weight=\"600\"[^>]*>([^<]+)<", picture)
    assert readings
    assert not [text for text in readings if len(text) > 3 and text in json.dumps(detail)]
    stranger = Api(api.base)
    for path in ("review?", "review/word.svg?word=1&", "review/picture?word=1&"):
        assert stranger.status(f"/ocr/{path}{about_review(asked)}") == 401
    assert api.status(f"/ocr/review/picture?{about_review(asked)}&word=99") == 404
    for task in ("../review", "..", "a/b", "nosuch"):
        query = urllib.parse.urlencode({"task_id": task})
        assert api.status(f"/ocr/review?{ids(asked)}&{query}") == 404


@pytest.mark.browser
def test_a_person_answers_on_the_page_and_the_run_goes_on(api: Api, asked: str, folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        context.add_cookies([{"name": "_token", "value": api.token, "url": api.base}])
        page = context.new_page()
        page.goto(f"{api.base}/ocr/review?{about_review(asked)}")
        words = page.locator(".word input")
        words.nth(0).fill("answered")
        words.nth(0).press("Enter")
        words.nth(1).press("Alt+Digit1")
        chosen = page.locator(".word").nth(1).locator("button[aria-pressed=true] b").inner_text()
        assert words.nth(1).input_value() == chosen
        page.screenshot(path=str(folder / "review.png"))
        page.get_by_role("button", name="Save the answers").click()
        page.get_by_text("The run goes on.").wait_for()
        assert api.ended(asked) == "success"

        (counts,) = folder.glob("place/runs/review_and_learn/*/reviewed/*.json")
        assert json.loads(counts.read_text()) == {"asked": 3, "answered": 2, "known": 0}
        (text,) = folder.glob("place/runs/review_and_learn/*/files/receipt.txt")
        assert "answered" in text.read_text()
        assert state_of(api, asked, "train") == "success"
        (summary,) = folder.glob("place/runs/review_and_learn/*/summary.json")
        assert {"vote", "reviewed"} <= set(json.loads(summary.read_text())["engines"])
        told = api.call("GET", f"{asked}/taskInstances/review/xcomEntries/return_value?deserialize=true")
        assert "answered" not in json.dumps(told["value"])

        page.reload()
        page.get_by_role("button", name="take back").first.click()
        page.get_by_text("taken back").wait_for()
        browser.close()
    guest = Api(api.base, "guest")
    guest.log_in()
    assert guest.status(f"/ocr/review?{about_review(asked)}") == 200
    with pytest.raises(urllib.error.HTTPError, match="403"):
        guest.call("POST", f"/ocr/answers/undo?{ids(asked)}&key=x&asked=y")
    answers = [json.loads(path.read_text()) for path in folder.glob("place/answers/*/*.json")]
    assert sorted(bool(answer["undone"]) for answer in answers) == [False, True]


def test_answers_are_given_over_rest_and_used_again(api: Api, asked: str, folder: Path) -> None:
    assert api.ended(asked) == "success"
    before = api.call("GET", asked)["conf"]
    again = api.trigger("review_and_learn", **before)
    api.wait("a person is asked", lambda: state_of(api, again, "review") in ("awaiting_input", "deferred"))
    time.sleep(2)
    answer = {"chosen_options": ["Save the answers"], "params_input": {"word_001": "overrest"}}
    path = f"{again}/taskInstances/review/-1/hitlDetails"
    api.call("PATCH", path, answer)
    assert api.ended(again) == "success"
    counts = api.call("GET", f"{again}/taskInstances/review/xcomEntries/counts?deserialize=true")["value"]
    assert counts == {"asked": 3, "answered": 1, "known": 1}
    texts = [path.read_text() for path in folder.glob("place/runs/review_and_learn/*/files/receipt.txt")]
    assert sum("overrest" in text for text in texts) == 1


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tab_of_a_run_shows_what_was_read(api: Api, run: str, theme: str, folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    dag, run_id = run.split("/")[4], run.split("/")[6]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(color_scheme=theme, viewport={"width": 1400, "height": 1000})  # type: ignore[arg-type]
        context.add_cookies([{"name": "_token", "value": api.token, "url": api.base}])
        page = context.new_page()
        page.goto(f"{api.base}/dags/{dag}/runs/{run_id}/plugin/ocr-run")
        frame = page.frame_locator("iframe").first
        frame.get_by_role("rowheader", name="vote").wait_for(timeout=30_000)
        assert frame.locator("html").get_attribute("data-theme") == theme
        frame.frame_locator("iframe").get_by_text(f"{SAID} page 0").first.wait_for(timeout=30_000)
        page.screenshot(path=str(folder / f"run-{theme}.png"))
        browser.close()


@pytest.mark.browser
def test_engines_over_time(api: Api, run: str, folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    for day in ("2026-01-05", "2026-01-12"):
        engines = {
            name: {"specs": [name], "cer": rate, "low": rate / 2, "high": 2 * rate, "seconds_per_page": 1.0}
            for name, rate in (("tesseract", 0.04), ("<b>crnn</b>", 0.0321))
        }
        study = {"name": "letters", "run": f"runs/ocr_batch/{day}", "when": day, "pages": 9, "by": "truth"}
        told = {"pages_with_truth": 9, "take": "<b>crnn</b>", "text": "Take it.", "engines": engines}
        path = folder / "place" / "studies" / "letters" / f"{day}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(study | told))
        watch = {**study, "expected": engines, "drifted": ["tesseract"] if day == "2026-01-12" else []}
        path = folder / "place" / "quality" / "letters" / f"{day}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(watch))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1300, "height": 1400})
        context.add_cookies([{"name": "_token", "value": api.token, "url": api.base}])
        page = context.new_page()
        page.goto(f"{api.base}/dags/ocr_batch/plugin/ocr-engines")
        frame = page.frame_locator("iframe").first
        frame.get_by_text("Last study, 2026-01-12: 9 pages").wait_for(timeout=30_000)
        assert frame.get_by_role("cell", name="3.21").count() >= 3
        assert frame.locator("svg.chart circle").count() == 8
        assert frame.get_by_role("cell", name="tesseract", exact=True).count() == 1
        page.screenshot(path=str(folder / "engines.png"))
        page.goto(f"{api.base}/ocr/engines?dag_id=engine_study")
        page.get_by_text("has left anything yet").wait_for()
        browser.close()
