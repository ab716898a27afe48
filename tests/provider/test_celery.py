"""CeleryExecutor with PostgreSQL, Redis and two workers, results on S3: one is killed while it reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from real import Api, Processes, environment, free_port, running
from running import printed
from services import Bucket, postgresql, redis, s3

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PAGES, BATCH = 200, 50
ENGINES = ("tesseract", "rapidocr", "crnn")
WORKERS = [
    f"celery worker -H {name}@%h -c 2 --skip-serve-logs --without-mingle --without-gossip"
    for name in ("w0", "w1")
]
# What a killed worker had counts as lost sooner than after five and ten minutes.
IMPATIENT = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "3",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "100",
    "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "10",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
}


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3("ocr") as one:
        yield one


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where workers keep what they fetch."""
    return tmp_path_factory.mktemp("fetched")


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Processes:
    return Processes(tmp_path_factory.mktemp("processes"))


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, bucket: Bucket, processes: Processes, fetched: Path
) -> Iterator[Api]:
    folder, port = tmp_path_factory.mktemp("celery"), free_port()
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "word",
        "extra": {"endpoint_url": bucket.endpoint, "region_name": "us-east-1"},
    }
    with postgresql() as database, redis(folder / "redis") as broker:
        env = environment(
            folder / "home",
            port,
            AIRFLOW__OCR__PLACE="s3://my_aws@ocr/place",
            AIRFLOW_CONN_MY_AWS=json.dumps(connection),
            AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database,
            AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
            AIRFLOW__CORE__AUTH_MANAGER="strict_auth.StrictAuthManager",
            PYTHONPATH=str(Path(__file__).parent),
            TMPDIR=str(fetched),
            # No more than workers can take: what waits for one must not look lost.
            AIRFLOW__CORE__PARALLELISM="5",
            AIRFLOW__CELERY__BROKER_URL=broker,
            AIRFLOW__CELERY__RESULT_BACKEND=f"db+{database}",
            AIRFLOW__CELERY__SYNC_PARALLELISM="1",
            **IMPATIENT,
        )
        processes.start("db migrate", env).wait(timeout=120)
        parts = ("api-server --workers 1", "scheduler --skip-serve-logs", "dag-processor", *WORKERS)
        with running(processes, port, env, *parts) as one:
            yield one


def scan(folder: Path, text: str) -> bytes:
    """A small page that is as high as wide: RapidOCR enlarges the short side."""
    from PIL import Image, ImageOps

    with Image.open(printed(folder / "page.png", text)) as image:
        side = max(image.size)
        ImageOps.pad(image.convert("L"), (side, side), color=255, centering=(0, 0)).save(folder / "scan.png")
    return (folder / "scan.png").read_bytes()


def unfinished(api: Api, run: str) -> list[tuple[Any, ...]]:
    """The tasks of a run that went wrong, for a failure's report."""
    about = ("task_id", "map_index", "state", "try_number", "start_date", "end_date")
    return [tuple(task[key] for key in about) for task in api.tasks(run) if task["state"] != "success"]


def states(api: Api, run: str) -> Counter[str]:
    return Counter(task["state"] for task in api.tasks(run) if task["task_id"] == "read")


def is_reading(worker: psutil.Process) -> bool:
    """Whether an engine reads for one of its tasks, in a process of its own."""
    try:
        commands = [one.cmdline() for one in worker.children(recursive=True)]
    except psutil.NoSuchProcess:
        return False
    return any(part.endswith("ocr_plugins/worker.py") for command in commands for part in command)


def kill(worker: psutil.Process) -> None:
    """With all that it started, at once, as the kernel does when memory is out."""
    for one in [worker, *worker.children(recursive=True)]:
        one.kill()


def rows(bucket: Bucket, engine: str) -> list[dict[str, Any]]:
    """All rows of an engine's files of results."""
    keys = [key for key in bucket.objects(f"place/results/{engine}/") if key.endswith(".jsonl")]
    files = (bucket.get(key).splitlines()[1:] for key in keys)
    return [json.loads(line) for lines in files for line in lines]


def test_who_has_no_right_to_the_dag_sees_nothing_of_it(api: Api) -> None:
    guest = Api(api.base, "guest")
    guest.log_in()
    ids = "dag_id=ocr_batch&run_id=nosuch"
    for page in (f"run?{ids}", f"report?{ids}", f"review?{ids}&task_id=review", "engines?dag_id=ocr_batch"):
        assert api.status(f"/ocr/{page}") in (200, 404)
        assert guest.status(f"/ocr/{page}") == 403


def test_a_killed_worker_costs_nothing_but_time(
    api: Api, bucket: Bucket, processes: Processes, fetched: Path, tmp_path: Path
) -> None:
    for n in range(PAGES):
        bucket.put(f"in/scan {n:03}.png", scan(tmp_path, f"page number {n}\nof two hundred"))
    conf = {
        "inputs": "s3://my_aws@ocr/in",
        "engines": ",".join([*ENGINES, "vote"]),
        "formats": "text",
        "batch_pages": BATCH,
    }
    run = api.trigger("ocr_batch", **conf)
    worker = processes.process(WORKERS[0])
    api.wait("work is under way", lambda: states(api, run)["success"] > 0 and is_reading(worker))
    kill(worker)
    assert api.ended(run, timeout=1200) == "success", unfinished(api, run)
    assert any(task["try_number"] > 1 for task in api.tasks(run)), "nobody was killed at work"

    once_each = {f"s3://my_aws@ocr/in/scan {n:03}.png": 1 for n in range(PAGES)}
    for engine in ENGINES:
        found = rows(bucket, engine)
        assert Counter(row["id"] for row in found) == once_each
        assert not [row for row in found if row["error"]]
        assert len({row["key"] for row in found}) == PAGES
    assert sum("-p1" in key for key in bucket.objects("place/store/")) == len(ENGINES) * PAGES
    texts = {key.rpartition("/")[2]: key for key in bucket.objects("place/runs/") if key.endswith(".txt")}
    assert len(texts) == PAGES
    assert bucket.get(texts["scan_117.txt"]).split()[:3] == [b"page", b"number", b"117"]

    # The worker that was killed had two tasks, each with what it had fetched.
    left = len(list(fetched.glob("ocr-plugins-*")))
    assert left <= 2 * BATCH
    before = bucket.objects("place/store/") | bucket.objects("place/results/")
    again = api.trigger("ocr_batch", **conf)
    assert api.ended(again, timeout=600) == "success", unfinished(api, again)
    assert bucket.objects("place/store/") | bucket.objects("place/results/") == before
    told = api.call("GET", f"{again}/taskInstances/evaluate/xcomEntries/return_value?deserialize=true")[
        "value"
    ]
    assert {engine: told[engine]["kept"] for engine in ENGINES} == dict.fromkeys(ENGINES, PAGES)
    assert len(list(fetched.glob("ocr-plugins-*"))) == left
