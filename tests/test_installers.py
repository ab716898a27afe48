"""What uv and pip say is told in one line that names the thing and the way out."""

from __future__ import annotations

import pytest

from ocr_plugins.installers import explain

# As recorded: what was said, and what the user is told.
SAID = {
    "uv: space": (
        """\
error: Failed to install: pygments-2.21.0-py3-none-any.whl (pygments==2.21.0)
  cause: Failed to copy to `/e/site-packages/pygments/foxpro.py`
  cause: failed to copy file from /c/foxpro.py to /e/.tmpKZh9e6: No space left on device (os error 28)""",
        "no space left on device: /e/.tmpKZh9e6",
        "OCR_PLUGINS_HOME",
    ),
    "pip: space": (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "no space left on device",
        "PIP_CACHE_DIR",
    ),
    "uv: rights": (
        """\
error: Failed to initialize cache at `/nonexistent/.cache/uv`
  cause: failed to create directory `/nonexistent/.cache/uv`: Permission denied (os error 13)""",
        "permission denied: /nonexistent/.cache/uv",
        "UV_CACHE_DIR",
    ),
    "pip: rights": (
        "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/e/lib'",
        "permission denied: /e/lib",
        "OCR_PLUGINS_HOME",
    ),
    "uv: network": (
        """\
error: Failed to fetch: https://me:secret@index.test/simple/click/
  cause: error sending request for url (https://index.test/simple/click/)
  cause: Connection refused (os error 111)""",
        "the package index cannot be reached: Failed to fetch: https://me:***@index.test/simple/click/ (Conn",
        "check network and proxy",
    ),
    "pip: network": (
        """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError()': /simple/click/
ERROR: Could not find a version that satisfies the requirement click==8.5.1
ERROR: No matching distribution found for click==8.5.1""",
        "the package index cannot be reached: No matching distribution found for click==8.5.1",
        "goes on where it stopped",
    ),
    "uv: hash": (
        """\
error: Failed to download `mdurl==0.1.2`
  cause: Hash mismatch for `mdurl==0.1.2`

         Expected:
           sha256:00000000e51615a49fc9966191ff91509e3c40b939176e643fd50a5c2196b8f8""",
        "mdurl==0.1.2 does not match its hash in the lock",
        "mirror",
    ),
    "pip: hash": (
        """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated
    click==8.5.1 from https://index.test/click-8.5.1-py3-none-any.whl (from -r bad.txt (line 1)):
        Expected sha256 000000002006950386f8c6427613334a2acadc5f559cb80e638d00b4df957e37""",
        "click==8.5.1 does not match its hash in the lock",
        "mirror",
    ),
    "uv: no such version": (
        """\
error: No solution found when resolving dependencies
  cause: Because there is no version of six==99 and you require six==99, we can conclude""",
        "No solution found when resolving dependencies (Because there is no version of six==99 and you",
        "--force",
    ),
    "pip: a package's name is no symptom": (
        """\
WARNING: careful
ERROR: Could not find a version that satisfies the requirement async-timeout==9
ERROR: No matching distribution found for async-timeout==9
notice: new pip""",
        "No matching distribution found for async-timeout==9",
        "--force",
    ),
    "nothing": ("", "exit status 3", "--force"),
}


@pytest.mark.parametrize("case", SAID)
def test_what_uv_and_pip_say_becomes_one_line(case: str) -> None:
    said, reason, hint = SAID[case]
    error = explain(said.splitlines(), 3)
    assert error.reason.startswith(reason)
    assert hint in error.hint
