"""Stops with the names of the Debian packages that are missing; elsewhere, of their programs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

# What stands for a package where there is no dpkg to ask.
PROGRAMS = {"chromium": "chromium", "tesseract-ocr": "tesseract"}


def installed(package: str) -> bool:
    if shutil.which("dpkg-query"):
        query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
        return subprocess.run(query, capture_output=True, text=True, check=False).stdout == "installed"
    return package not in PROGRAMS or shutil.which(PROGRAMS[package]) is not None


missing = [name for name in Path(sys.argv[1]).read_text().split() if not installed(name)]
if missing:
    sys.exit(f"missing packages: apt-get install {' '.join(missing)}")
