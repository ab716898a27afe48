"""A real JupyterLab or Notebook 7 on loopback, and what tests do in it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import nbformat

App = Literal["lab", "notebook"]
# What would ask the network, or take cells out of the page that are not in view.
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    # What people choose under Settings, "Save Widget State Automatically".
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
}


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """A notebook of these cells, not yet run."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell, id=f"cell{number}") for number, cell in enumerate(cells)],
        metadata={"kernelspec": kernel},
    )
    nbformat.write(book, path)


@contextmanager
def server(root: Path, app: App = "lab") -> Iterator[str]:
    """The address of a server whose notebooks lie in ``root``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        settings = home / "config" / "labconfig" / "default_setting_overrides.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(_SETTINGS))
        env = os.environ | {
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "XDG_DATA_HOME": str(home / "share"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        command = [sys.executable, "-m", "jupyter", app, "--no-browser", "--allow-root", "--ip=127.0.0.1"]
        command += [f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"]
        command += [
            "--IdentityProvider.token=",
            "--ServerApp.password=",
            "--ServerApp.terminals_enabled=False",
        ]
        command += ["--LabApp.news_url=None", "--LabApp.extension_manager=readonly"]
        command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
        command += [f"--{'Lab' if app == 'lab' else 'JupyterNotebook'}App.expose_app_in_browser=True"]
        with (home / "log").open("w+") as log:
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
            try:
                _wait(process, f"http://127.0.0.1:{port}/api", home / "log")
                yield f"http://127.0.0.1:{port}"
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(1800):
        if process.poll() is not None:
            raise RuntimeError(log.read_text()[-3000:])
        with suppress(OSError):
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310 - loopback
            return
        time.sleep(0.1)
    raise TimeoutError(log.read_text()[-3000:])


def open_page(page: Any, address: str, name: str, app: App = "lab") -> None:
    """Opens a notebook, whatever its kernel does."""
    where = f"lab/tree/{name}?reset" if app == "lab" else f"notebooks/{name}"
    page.goto(f"{address}/{where}")
    page.wait_for_function("() => document.querySelectorAll('.jp-Notebook .jp-Cell').length > 0")


def open_notebook(page: Any, address: str, name: str, app: App = "lab") -> None:
    """Opens a notebook and waits for its kernel: cells run before that ask which one to take."""
    open_page(page, address, name, app)
    page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext")
    page.evaluate(
        "async () => { const c = jupyterapp.shell.currentWidget.sessionContext; await c.ready;"
        " await c.session.kernel.info; }"
    )


def command(page: Any, name: str, **arguments: str) -> None:
    """A command of the application. It is not waited for: that can take for ever."""
    page.evaluate(f"() => {{ void jupyterapp.commands.execute({name!r}, {json.dumps(arguments)}) }}")


def save(page: Any, path: Path) -> None:
    """Saves the notebook that is open."""
    before = path.stat().st_mtime_ns
    command(page, "docmanager:save")
    for _ in range(600):
        # The file is there before all of it is.
        with suppress(ValueError):
            if path.stat().st_mtime_ns > before and json.loads(path.read_text(encoding="utf-8")):
                return
        page.wait_for_timeout(100)
    raise TimeoutError(f"{path.name} was not saved")


def kernel(page: Any, expression: str) -> Any:
    """What an expression is in the kernel."""
    told = page.evaluate(
        """async (code) => {
          const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const future = kernel.requestExecute({ code, store_history: false });
          let text = "";
          future.onIOPub = (message) => {
            if (message.header.msg_type === "stream") text += message.content.text;
            if (message.header.msg_type === "error") text += message.content.evalue;
          };
          await future.done;
          return text;
        }""",
        f"import json; print('KERNEL', json.dumps({expression}))",
    )
    found = re.search(r"KERNEL (.*)", told)
    assert found, told
    return json.loads(found[1])


def shut_down_kernel(page: Any) -> None:
    """Ends the kernel for good; the page may start another one, which knows nothing of the widgets."""
    page.evaluate("async () => { await jupyterapp.shell.currentWidget.sessionContext.shutdown() }")


def kill_kernel(page: Any) -> None:
    """Kills the kernel with -9 and waits until the host has put another in its place."""
    page.evaluate(
        "() => { void jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute("
        "{ code: 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)' }) }"
    )
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
    )
