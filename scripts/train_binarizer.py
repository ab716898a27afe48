"""Trains the learned binariser of `ocr_plugins.preprocess`, exports it to ONNX, and measures it.

Its data are made on the fly (draw_ink.py, degrade.py) with the Debian packages of fonts that
`draw_ink.FONT_PACKAGES` names. Training needs torch, onnx and onnxscript besides:

    python scripts/train_binarizer.py --train CHECKPOINT
    python scripts/train_binarizer.py --export CHECKPOINT

Measuring needs ocr-plugins[tesseract], and for real pages OCR_PLUGINS_CORPORA:

    python scripts/train_binarizer.py --evaluate
"""

from __future__ import annotations

import argparse
from pathlib import Path

WEIGHTS = Path(__file__).parents[1] / "ocr_plugins" / "preprocess" / "weights" / "binarizer.onnx"
SEED = 1901
MINUTES = 36.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--train", type=Path, metavar="CHECKPOINT", help="train, and keep the weights there")
    task.add_argument("--export", type=Path, metavar="CHECKPOINT", help="write what was trained as ONNX")
    task.add_argument("--evaluate", action="store_true", help="print tables of the ONNX file's results")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of training, on one core")
    parser.add_argument("--steps", type=int, help="of training, where they come to an end earlier")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--pages", type=int, default=6, help="of each corpus to evaluate on")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the ONNX file to write")
    arguments = parser.parse_args()
    # Training and measuring run in environments that lack what the other needs.
    if arguments.train:
        from binarizer_network import train

        train(arguments.train, arguments.minutes, arguments.steps, arguments.seed)
    elif arguments.export:
        from binarizer_network import export

        from ocr_plugins.weights import sha256_of

        steps = export(arguments.export, arguments.out)
        print(f"{steps} steps; SHA-256 {sha256_of(arguments.out)}")
    else:
        from binarizer_scores import corpora_table, generated_table, photographs_table, pixels_table

        for table in (pixels_table(), generated_table(), photographs_table(), corpora_table(arguments.pages)):
            print(table, flush=True)


if __name__ == "__main__":
    main()
