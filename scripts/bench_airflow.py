"""Benchmarks of the Airflow provider: prints one JSON object.

A real Airflow (CeleryExecutor, PostgreSQL, Redis, scheduler, API server, DAG processor) with two workers that
take one task each, all on this machine, results in a folder. One worker alone reads by a queue of its own.

* pages a minute with Tesseract: one worker and two by turns, and the ratio of the medians; net of what
  Airflow's own processes took of the cores meanwhile;
* Airflow's own cost a page at batches of 50: an engine that reads nothing, over all of a run;
* memory of a worker over many pages: the most it held in its first and in its last tasks.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

from ocr_plugins.testing import drawn_page

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / name) for name in ("provider", ".")]
from real import Api, Processes, bundles, environment, free_port, running  # noqa: E402
from services import postgresql, redis  # noqa: E402

BATCH = 50
PARTS = ("api-server --workers 1", "scheduler --skip-serve-logs", "dag-processor")
WORKERS = {
    name: f"celery worker -H {name}@%h -q {queues} -c 1 --skip-serve-logs --without-mingle --without-gossip"
    for name, queues in (("w0", "default,one,two"), ("w1", "two"))
}
DAGS = """
from airflow.sdk import dag
from ocr_plugins.airflow import OcrOperator, PlanBatchesOperator

def made(queue):
    params = {"inputs": "", "engine": "", "batch": 50, "place": ""}
    @dag(dag_id=f"read_on_{queue}", schedule=None, params=params)
    def read_on():
        place = "{{ params.place }}"
        plan = PlanBatchesOperator(
            task_id="plan", place=place, inputs="{{ params.inputs }}", engines="{{ params.engine }}",
            batch_pages="{{ params.batch }}", batch_seconds=100_000,
        )
        OcrOperator.partial(task_id="read", place=place, queue=queue).expand_kwargs(plan.output)
    read_on()

for queue in ("one", "two"):
    made(queue)
"""
TEXT = "the quick brown fox jumps over the lazy dog and runs away from it"


def draw_pages(folder: Path, count: int, lines: int) -> Path:
    """Pages of print, each another one."""
    folder.mkdir()
    words = TEXT.split()
    for number in range(count):
        rows = [" ".join(words[(number + row) % 13 :] + words[: (number + row) % 13]) for row in range(lines)]
        page = drawn_page("\n".join([f"page {number}", *rows]))
        Image.fromarray(page.pixels).convert("L").save(folder / f"{number:05d}.png")
    return folder


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """What processes have taken, with their children and those that have ended."""
    total = 0.0
    for root in processes:
        for one in [root, *root.children(recursive=True)]:
            try:
                times = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
    return total


class Bench:
    """A running Airflow."""

    def __init__(
        self, api: Api, processes: Processes, services: Sequence[psutil.Process], places: Path
    ) -> None:
        self._api, self._processes, self._services, self._places = api, processes, services, places
        self._runs = 0

    def own(self) -> float:
        """Seconds that Airflow's own processes and its services have taken."""
        return cpu_seconds([*map(self._processes.process, PARTS), *self._services])

    def run(self, queue: str, inputs: Path, engine: str, batch: int = BATCH) -> dict[str, Any]:
        """A run, into a place of its own: its seconds, those of its tasks that read, and Airflow's share."""
        self._runs += 1
        conf = {"inputs": str(inputs), "engine": engine, "batch": batch}
        before = self.own()
        run = self._api.trigger(f"read_on_{queue}", **conf, place=str(self._places / str(self._runs)))
        if self._api.ended(run, timeout=3600) != "success":
            sys.exit(f"a run has failed: {[(t['task_id'], t['state']) for t in self._api.tasks(run)]}")
        about = self._api.call("GET", run)
        reads = [task for task in self._api.tasks(run) if task["task_id"] == "read"]
        return {
            "seconds": _between(about["start_date"], about["end_date"]),
            "reading": _between(
                min(task["start_date"] for task in reads), max(task["end_date"] for task in reads)
            ),
            "own": self.own() - before,
            "tasks": [(task["start_date"], task["end_date"]) for task in reads],
        }

    def worker(self, name: str) -> psutil.Process:
        return self._processes.process(WORKERS[name])


def _between(start: str, end: str) -> float:
    return (_time(end) - _time(start)).total_seconds()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@contextmanager
def airflow(folder: Path) -> Iterator[Bench]:
    port, processes = free_port(), Processes(folder / "processes")
    (folder / "dags").mkdir()
    (folder / "dags" / "bench.py").write_text(DAGS)
    known = set(psutil.pids())
    with postgresql() as database, redis(folder / "redis") as broker:
        services = [one for one in psutil.process_iter() if one.pid not in known]
        roots = [
            one
            for one in services
            if one.name() in ("postgres", "redis-server") and one.ppid() in (1, os.getpid())
        ]
        env = environment(
            folder / "home",
            port,
            AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database,
            AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
            AIRFLOW__CELERY__BROKER_URL=broker,
            AIRFLOW__CELERY__RESULT_BACKEND=f"db+{database}",
            AIRFLOW__CELERY__SYNC_PARALLELISM="1",
            AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME="1",
            AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=bundles(bench=folder / "dags"),
        )
        processes.start("db migrate", env).wait(timeout=120)
        with running(processes, port, env, *PARTS, *WORKERS.values()) as api:
            yield Bench(api, processes, roots, folder / "places")


def two_workers(bench: Bench, pages: Path, count: int, rounds: int) -> dict[str, Any]:
    found: dict[str, list[float]] = {"one": [], "two": []}
    shares = []
    for _ in range(rounds):
        for queue, times in found.items():
            run = bench.run(queue, pages, "tesseract", batch=max(1, count // 8))
            times.append(60 * count / run["reading"])
            if queue == "two":
                shares.append(run["own"] / run["seconds"] / (psutil.cpu_count() or 1))
    one, two = (statistics.median(times) for times in found.values())
    share = statistics.median(shares)
    return {
        "pages_a_minute": {name: [round(time, 1) for time in times] for name, times in found.items()},
        "ratio": round(two / one, 2),
        "airflows_own_share_of_the_cores": round(share, 3),
        "ratio_net_of_it": round(two / one / (1 - share), 2),
    }


def own_cost(bench: Bench, pages: Path, count: int, rounds: int) -> dict[str, Any]:
    runs = [bench.run("two", pages, "null") for _ in range(rounds)]
    return {
        "pages": count,
        "batch": BATCH,
        "milliseconds_a_page": round(1000 * statistics.median(run["seconds"] for run in runs) / count, 1),
        "cpu_milliseconds_a_page_of_airflows_own": round(
            1000 * statistics.median(run["own"] for run in runs) / count, 1
        ),
    }


def memory(bench: Bench, pages: Path, count: int) -> dict[str, Any]:
    """The most that a worker, with all that it starts, held in each of its tasks."""
    samples: list[tuple[float, int]] = []
    done = threading.Event()

    def watch() -> None:
        root = bench.worker("w0")
        while not done.wait(0.25):
            held = 0
            for one in [root, *root.children(recursive=True)]:
                try:
                    held += one.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            samples.append((time.time(), held))

    watcher = threading.Thread(target=watch)
    watcher.start()
    run = bench.run("one", pages, "tesseract")
    done.set()
    watcher.join()
    most = []
    for start, end in sorted(run["tasks"]):
        within = [held for at, held in samples if _time(start).timestamp() <= at <= _time(end).timestamp()]
        if within:
            most.append(max(within) / 1e6)
    part = max(1, len(most) // 4)
    first, last = statistics.median(most[:part]), statistics.median(most[-part:])
    return {
        "pages": count,
        "tasks": len(most),
        "first_quarter_mb": round(first),
        "last_quarter_mb": round(last),
        "ratio": round(last / first, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=120, help="for one worker and two, by turns")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=1000, help="for Airflow's own cost, and memory")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocr-bench-") as name:
        folder = Path(name)
        large = draw_pages(folder / "large", given.pages, lines=30)
        small = draw_pages(folder / "small", given.many, lines=2)
        with airflow(folder) as bench:
            # The first run of a DAG finds everything cold.
            bench.run("two", large, "null")
            print(
                json.dumps(
                    {
                        "two_workers": two_workers(bench, large, given.pages, given.rounds),
                        "own_cost": own_cost(bench, small, given.many, given.rounds),
                        "memory": memory(bench, small, given.many),
                    },
                    indent=1,
                )
            )


if __name__ == "__main__":
    main()
