"""PostgreSQL, Redis and S3 for one test, on loopback, with nothing left behind."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from real import free_port


@contextmanager
def postgresql() -> Iterator[str]:
    """A database server; gives the URL of an empty database."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    run: dict[str, Any] = {"check": True, "cwd": "/", "stdout": subprocess.DEVNULL}
    # Not among pytest's folders, which are for one user alone: it refuses to run as root.
    data = Path(tempfile.mkdtemp(prefix="ocr-postgresql-"))
    if os.getuid() == 0:
        run["user"] = "postgres"
        shutil.chown(data, "postgres")
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": data,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    options = " ".join([f"-p {port}", *(f"-c {name}={value}" for name, value in settings.items())])
    fresh = ["-U", "airflow", "--auth=trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run([programs / "initdb", "-D", data, *fresh], **run)
    control = [programs / "pg_ctl", "-D", data, "-w"]
    subprocess.run([*control, "-l", data / "log", "-o", options, "start"], **run)
    try:
        where = ["-h", "127.0.0.1", "-p", str(port), "-U", "airflow"]
        subprocess.run([programs / "createdb", *where, "airflow"], check=True)
        yield f"postgresql+psycopg2://airflow@127.0.0.1:{port}/airflow"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)
        shutil.rmtree(data)


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A broker; gives its URL."""
    port = free_port()
    folder.mkdir(parents=True)
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(100):
            asked = subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, check=False)
            if asked.stdout.strip() == b"PONG":
                break
            time.sleep(0.1)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(timeout=10)


class Bucket:
    """A bucket of a local S3."""

    def __init__(self, endpoint: str, name: str) -> None:
        import boto3

        self.endpoint = endpoint
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id="key",
            aws_secret_access_key="word",
            region_name="us-east-1",
        )
        self._name = {"Bucket": name}
        self._client.create_bucket(**self._name)

    def put(self, key: str, data: bytes) -> None:
        self._client.put_object(**self._name, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        return bytes(self._client.get_object(**self._name, Key=key)["Body"].read())

    def objects(self, prefix: str) -> dict[str, Any]:
        """When each object was written, by its key."""
        pages = self._client.get_paginator("list_objects_v2").paginate(**self._name, Prefix=prefix)
        return {one["Key"]: one["LastModified"] for page in pages for one in page.get("Contents", ())}


@contextmanager
def s3(name: str) -> Iterator[Bucket]:
    """A local S3 with one bucket."""
    from moto.server import ThreadedMotoServer

    # A line a request would bury what a failing test has to say.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Bucket(f"http://{host}:{port}", name)
    finally:
        server.stop()
