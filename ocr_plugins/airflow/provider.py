"""What Airflow is told of this package. Imports nothing: every process of Airflow calls it."""

from __future__ import annotations

from typing import Any

_OPERATORS = ("plan", "read", "vote", "write", "evaluate", "study", "select", "watch", "review", "train")


def get_provider_info() -> dict[str, Any]:
    """By the schema ``airflow/provider_info.schema.json``."""
    return {
        "package-name": "ocr-plugins",
        "name": "OCR",
        "description": "Reads documents with several OCR engines, votes, scores, and chooses engines.",
        "integrations": [
            {
                "integration-name": "OCR",
                "external-doc-url": "https://pypi.org/project/ocr-plugins/",
                "tags": ["software"],
            }
        ],
        "operators": [
            {
                "integration-name": "OCR",
                "python-modules": [f"ocr_plugins.airflow.operators.{name}" for name in _OPERATORS],
            }
        ],
        "sensors": [{"integration-name": "OCR", "python-modules": ["ocr_plugins.airflow.sensors"]}],
        "triggers": [{"integration-name": "OCR", "python-modules": ["ocr_plugins.airflow.triggers"]}],
        "hooks": [{"integration-name": "OCR", "python-modules": ["ocr_plugins.airflow.hooks"]}],
        "connection-types": [
            {"connection-type": "ocr", "hook-class-name": "ocr_plugins.airflow.hooks.OcrHook"}
        ],
        "extra-links": [
            "ocr_plugins.airflow.links.OcrRunLink",
            "ocr_plugins.airflow.links.OcrReviewLink",
            "ocr_plugins.airflow.links.OcrEnginesLink",
        ],
        "task-decorators": [{"name": "ocr", "class-name": "ocr_plugins.airflow.decorators.ocr_task"}],
        "config": {
            "ocr": {
                "description": "Where OCR results go, and what tasks of the DAGs that come along run in.",
                "options": {
                    "place": _option(
                        "Path or URL where results go, where neither a task nor its connection names one. "
                        "The pages of a run in Airflow's UI are looked for there, and nowhere else.",
                        "s3://my_aws@bucket/ocr",
                    ),
                    "engines": _option(
                        "Engines of tasks that name none, nor does their connection.",
                        "tesseract,rapidocr,vote",
                    ),
                    "pool": _option(
                        "Pool of the tasks that read: as many slots as there are cores.",
                        "ocr_cores",
                        "default_pool",
                    ),
                    "memory_pool": _option(
                        "Pool of the tasks that read with engines of some GB: easyocr, keras-ocr and trocr. "
                        "Empty: that of the others.",
                        "ocr_memory",
                    ),
                    "accelerator_pool": _option(
                        "Pool of the tasks that read on an accelerator. Empty: that of the others.", "ocr_gpu"
                    ),
                    "inputs": _option(
                        "What the DAGs read where nothing is named: paths or URLs, one a line.",
                        "s3://my_aws@bucket/scans",
                    ),
                    "truth": _option(
                        "Manifest with ground truth, where none is named.",
                        "s3://my_aws@bucket/sample/manifest.jsonl",
                    ),
                    "study_inputs": _option(
                        "What the DAG engine_study reads, in place of inputs.", "s3://my_aws@bucket/sample"
                    ),
                    "queue": _option("Queue of the tasks that read; empty for the default one.", "ocr"),
                },
            }
        },
    }


def _option(description: str, example: str, default: str = "") -> dict[str, Any]:
    about = {"description": description, "version_added": "0.3.0", "type": "string"}
    return {**about, "example": example, "default": default}
