"""What the libraries that engines use are told before they are loaded: fetch nothing, report nothing.

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

import os

#: Environment variables of Hugging Face's libraries, and of ONNX Runtime, which from 1.29 on reports
#: to its maker which models are opened.
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1"}


def forbid_reports() -> None:
    """To be called before onnxruntime is imported, which is when it looks. Workers are told anyway."""
    os.environ["ORT_DISABLE_TELEMETRY"] = OFFLINE["ORT_DISABLE_TELEMETRY"]
