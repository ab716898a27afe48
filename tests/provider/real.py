"""A real Airflow, as its own processes on loopback, driven over REST. All that is started here ends."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

DAGS = Path(__file__).parents[2] / "airflow_dags"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def bundles(**folders: Path) -> str:
    """Folders of DAGs by name, as Airflow's configuration takes them."""
    return json.dumps(
        [
            {
                "name": name,
                "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                "kwargs": {"path": str(path)},
            }
            for name, path in folders.items()
        ]
    )


def environment(home: Path, port: int, **changes: str) -> dict[str, str]:
    """What all processes of one Airflow need."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    settings = {
        # `airflow standalone` starts "airflow ..." from the path.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(b"0" * 32).decode(),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "boss:admin,guest:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": "k" * 32,
        "AIRFLOW__API_AUTH__JWT_SECRET": "j" * 64,
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": bundles(ocr=DAGS),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    home.mkdir(parents=True, exist_ok=True)
    (home / "passwords.json").write_text(json.dumps({"boss": "boss", "guest": "guest"}))
    return env | settings | changes


class Processes:
    """Processes with a log each."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, command: str, env: dict[str, str]) -> psutil.Process:
        """Starts ``airflow COMMAND``, by which it is known from then on."""
        with (self._logs / f"{command}.log").open("wb") as log:
            process = subprocess.Popen(
                ["airflow", *command.split()],
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started[command] = process
        return psutil.Process(process.pid)

    def process(self, command: str) -> psutil.Process:
        return psutil.Process(self._started[command].pid)

    def logs(self) -> str:
        """The ends of all logs, for a failure's report."""
        ends = ((path.name, path.read_text(errors="replace")[-3000:]) for path in self._logs.iterdir())
        return "\n".join(f"--- {name}\n{end}" for name, end in ends)

    def stop(self) -> None:
        trees = []
        for process in self._started.values():
            try:
                root = psutil.Process(process.pid)
                trees += [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
        for command, process in reversed(self._started.items()):
            # SIGTERM would leave the four parts of `airflow standalone` running.
            process.send_signal(signal.SIGINT if command == "standalone" else signal.SIGTERM)
        _, alive = psutil.wait_procs(trees, timeout=15)
        for one in alive:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(alive, timeout=5)
        for process in self._started.values():
            process.wait(timeout=5)


class Api:
    """Airflow over REST, as one user."""

    def __init__(self, base: str, user: str = "boss") -> None:
        self.base = base
        self.token = ""
        self._user = user

    def log_in(self) -> None:
        who = {"username": self._user, "password": self._user}
        self.token = self.call("POST", "/auth/token", who)["access_token"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer as JSON, or as text. Raises HTTPError."""
        request = urllib.request.Request(self.base + path, method=method)  # noqa: S310 - on loopback
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - on loopback
            data = answer.read().decode()
        try:
            return json.loads(data)
        except ValueError:
            return data

    def status(self, path: str) -> int:
        """The HTTP status of a GET."""
        try:
            self.call("GET", path)
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def wait(self, what: str, ready: Callable[[], Any], timeout: float = 180.0) -> Any:
        """What ``ready`` gives as soon as it is true."""
        end, last = time.monotonic() + timeout, None
        while time.monotonic() < end:
            try:
                last = ready()
                if last:
                    return last
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                last = error
            time.sleep(0.3)
        raise TimeoutError(f"{what}: {last!r}")

    def trigger(self, dag: str, **conf: Any) -> str:
        """A run's path, once the DAG is known."""
        self.wait(f"{dag} is known", lambda: self.call("GET", f"/api/v2/dags/{dag}"))
        run = self.call("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})
        return f"/api/v2/dags/{dag}/dagRuns/{urllib.parse.quote(run['dag_run_id'])}"

    def ended(self, run: str, timeout: float = 300.0) -> str:
        """The state that a run ends in."""

        def state() -> str | None:
            found = str(self.call("GET", run)["state"])
            return found if found in ("success", "failed") else None

        return str(self.wait(f"{run} ends", state, timeout))

    def tasks(self, run: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"{run}/taskInstances?limit=500")["task_instances"]
        return found


@contextmanager
def running(processes: Processes, port: int, env: dict[str, str], *commands: str) -> Iterator[Api]:
    """Parts of Airflow, ready to be asked; what they log is shown where a test fails."""
    api = Api(f"http://127.0.0.1:{port}")
    try:
        for command in commands:
            processes.start(command, env)
        api.wait("the API server is up", lambda: api.call("GET", "/api/v2/version"))
        api.log_in()
        yield api
    except BaseException:
        sys.stderr.write(processes.logs())
        raise
    finally:
        processes.stop()


@contextmanager
def standalone(home: Path, **changes: str) -> Iterator[Api]:
    """`airflow standalone`."""
    port = free_port()
    env = environment(home, port, **changes)
    with running(Processes(home / "processes"), port, env, "standalone") as api:
        yield api
