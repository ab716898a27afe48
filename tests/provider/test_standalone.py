"""`airflow standalone`, triggered over REST, and its pages in a browser."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from real import Api, standalone
from running import printed

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


@pytest.mark.parametrize("run_id", ["../../..", "..%2F..", "/etc/passwd", "nosuch", "%00"])
def test_nothing_outside_a_run_can_be_asked_for(api: Api, run: str, run_id: str) -> None:
    assert api.status(f"/ocr/report?dag_id=ocr_batch&run_id={run_id}") == 404
    assert api.status(f"/ocr/report?dag_id={run_id}&run_id={run_id}") in (403, 404)
    assert api.status(f"/ocr/static/{run_id}") == 404


@pytest.mark.parametrize("wrong", [{"batch_pages": 0}, {"inputs": ""}, {"recursive": "maybe"}])
def test_wrong_params_are_refused(api: Api, wrong: dict[str, object]) -> None:
    with pytest.raises(Exception, match=r"HTTP Error 4"):
        api.trigger("ocr_batch", **{"inputs": "x", **wrong})


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
