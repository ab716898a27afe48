"""Runs a worker that keeps in a file what is said inside: ``outspoken_worker.py FILE WORKER FD``.

Every log record down to DEBUG of whatever package, every warning, and all that Python or native code
writes to stdout or stderr.
"""

import logging
import os
import runpy
import sys
import warnings
from pathlib import Path

_, file, *sys.argv = sys.argv
said = os.open(Path(file), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.dup2(said, 1)
os.dup2(said, 2)
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
logging.captureWarnings(True)
warnings.simplefilter("always")
logging.getLogger("outspoken").debug("listening")
runpy.run_path(sys.argv[0], run_name="__main__")
