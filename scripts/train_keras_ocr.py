"""Trains keras-ocr's own Recognizer on synthetic words, in keras-ocr's environment.

    ocr-plugins synth words --lines 300000 --kind scene --clean 0.06 --workers 2
    ENVIRONMENT/bin/python scripts/train_keras_ocr.py words --out recognizer.h5 --minutes 82

ENVIRONMENT is what `ocr-plugins engines install keras-ocr` made. The weights' file says in its attribute
``ocr_plugins_recognizer`` (JSON) what the model is built of; `keras-ocr:recognizer=FILE` reads it. The same
command goes on after a kill. Images of --validate are prepared as `Recognizer.recognize` does; CER is of
digits and lower-case letters alone, decoded greedily.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import string
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from keras_ocr_words import Batches, fitted, normalised, packed, rgb, rows
from numpy.typing import NDArray

ALPHABET = string.digits + string.ascii_lowercase
ATTRIBUTE = "ocr_plugins_recognizer"
#: 130 million multiplications a word and .9 million weights; upstream's has 6,700 and 8.8. Words more than
#: five times as wide as high are made smaller, and the spatial transformer is left out: a fifth of the time
#: each.
SMALL: Mapping[str, Any] = {
    "height": 31,
    "width": 160,
    "color": False,
    "filters": [8, 16, 16, 48, 64, 96, 128],
    "rnn_units": [128, 128],
    "dropout": 0.1,
    "rnn_steps_to_discard": 2,
    "pool_size": 2,
    "stn": False,
}
_WARM_UP = 500  # steps
_CLIP = 5.0  # of the gradient's norm
_DECAY = 1e-4
_LOWEST = 0.01  # of the rate, at the end
_MOST_FAILED = 50  # steps one after another whose gradient is no number
_TOLD_EVERY = 20.0  # seconds


def main() -> None:
    arguments = _arguments()
    # keras-ocr fits Keras 2 only; TensorFlow looks at this when it is imported.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    build = {**SMALL, **arguments.build}
    size = (build["height"], build["width"])
    most = build["width"] // build["pool_size"] ** 2 - build["rnn_steps_to_discard"]
    folders = [packed(folder, ALPHABET, *size, most) for folder in arguments.samples]
    batches = Batches(folders, *size, arguments.batch, arguments.seed)
    identity = {
        "model": {"version": 1, "alphabet": ALPHABET, "build_params": build},
        "words": [len(words) for words in folders],
        "batch": arguments.batch,
        "seed": arguments.seed,
    }
    # TensorFlow takes long to come: what is wrong is better told before.
    checkpoint = Checkpoint(arguments.checkpoint / "last.npz", identity)
    import tensorflow as tf

    if arguments.threads:
        tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
        tf.config.threading.set_inter_op_parallelism_threads(2)
    tf.keras.utils.set_random_seed(arguments.seed)
    training = Training(build, arguments, checkpoint)
    training.run(batches)
    training.write(arguments.out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("samples", type=Path, nargs="+", help="folders with manifest.jsonl")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.h5")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="of training, all runs together")
    length.add_argument("--epochs", type=float)
    parser.add_argument("--validate", type=Path, action="append", default=[], metavar="MANIFEST")
    parser.add_argument("--validate-minutes", type=float, default=15, help="between two looks at CER")
    parser.add_argument("--checkpoint", type=Path, metavar="FOLDER", help="default: FILE.training")
    parser.add_argument("--save-minutes", type=float, default=5, help="what a kill may cost")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=0, help="of TensorFlow; 0: all cores")
    parser.add_argument("--build", type=json.loads, default={}, help="JSON: what of build_model differs")
    parser.add_argument("--float32", action="store_true", help="write whole floats, twice the size")
    arguments = parser.parse_args()
    if arguments.out.suffix != ".h5":
        parser.error("--out: a name that ends in .h5")
    if arguments.checkpoint is None:
        arguments.checkpoint = arguments.out.with_suffix(".training")
    return arguments


class Checkpoint:
    """Where training stands, in one file; whole, or as it was before.

    Args:
        identity: what the training is of. It has to be that of the checkpoint that is there.

    Raises:
        SystemExit: there is one of another training, or none that can be read.
    """

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path, self.identity = path, identity
        if path.exists() and self._state()["identity"] != identity:
            raise SystemExit(
                f"{path} is of another training (words, --batch, --seed or --build differ): "
                "name another folder by --checkpoint"
            )

    def _state(self) -> dict[str, Any]:
        try:
            with np.load(self.path) as found:
                return dict(json.loads(str(found["state"])))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            raise SystemExit(f"{self.path} is damaged: delete it, or name another --checkpoint") from None

    def save(self, step: int, elapsed: float, variables: Sequence[Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        state = {"step": step, "elapsed": elapsed, "identity": self.identity}
        arrays = {f"v{place:04d}": value.numpy() for place, value in enumerate(variables)}
        part = self.path.with_suffix(".part.npz")
        np.savez(part, state=np.array(json.dumps(state)), **arrays)
        part.replace(self.path)

    def restore(self, variables: Sequence[Any]) -> tuple[int, float]:
        """Fills the variables; gives the steps and seconds so far, 0 of both where there is no checkpoint."""
        if not self.path.exists():
            return 0, 0.0
        state = self._state()
        with np.load(self.path) as found:
            for place, variable in enumerate(variables):
                variable.assign(found[f"v{place:04d}"])
        print(f"going on from step {state['step']}", flush=True)
        return state["step"], state["elapsed"]


class Training:
    """The model, its optimiser and how far they are."""

    def __init__(self, build: dict[str, Any], arguments: argparse.Namespace, checkpoint: Checkpoint) -> None:
        import keras_ocr
        import tensorflow as tf

        self._arguments, self._build = arguments, build
        self._recognizer = keras_ocr.recognition.Recognizer(ALPHABET, weights=None, build_params=build)
        self._model = self._recognizer.model
        self.steps = int(self._model.output_shape[1])
        self._optimizer = tf.keras.optimizers.AdamW(arguments.rate, weight_decay=_DECAY, jit_compile=False)
        self._optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self._optimizer.build(self._model.trainable_variables)
        self._train = self._train_step()
        self._checkpoint, self._failed = checkpoint, 0
        self.step, self._elapsed = checkpoint.restore(self._variables())

    def run(self, batches: Batches) -> None:
        """Trains to the end. Raises SystemExit."""
        arguments = self._arguments
        print(f"{self._model.count_params()} parameters, {batches.epoch} steps an epoch", flush=True)
        looked = saved = told = time.monotonic()
        before, losses, number = told, [], self.step
        for batch in batches.from_step(self.step, threads=2):
            done = self._done(batches.epoch)
            if done >= 1:
                break
            rate = self._rate(done)
            losses.append(self._one(batch, rate))
            now = time.monotonic()
            self._elapsed += now - before
            before = now
            if now - told > _TOLD_EVERY:
                speed = (self.step - number) * arguments.batch / (now - told)
                print(
                    f"step {self.step} ({done:.1%}) loss {np.nanmean(losses):.3f} "
                    f"rate {rate:.2e} {speed:.0f} words/s",
                    flush=True,
                )
                told, number, losses = now, self.step, []
            if now - looked > 60 * arguments.validate_minutes:
                self.look()
                looked = before = time.monotonic()
            if now - saved > 60 * arguments.save_minutes:
                self._save()
                saved = before = time.monotonic()
        self._save()
        self.look()

    def _done(self, epoch: int) -> float:
        """The share of training that is over."""
        if self._arguments.minutes is not None:
            return float(self._elapsed / max(60 * self._arguments.minutes, 1e-9))
        return float(self.step / max(self._arguments.epochs * epoch, 1e-9))

    def _rate(self, done: float) -> float:
        """The learning rate: a warm-up, short in short trainings, and half a cosine by what is over."""
        falling = _LOWEST + (1 - _LOWEST) * (1 + math.cos(math.pi * min(done, 1))) / 2
        return float(self._arguments.rate * min(1, max((self.step + 1) / _WARM_UP, done / 0.05)) * falling)

    def _train_step(self) -> Any:
        """The step as a graph for one shape: traced once, and never again."""
        import tensorflow as tf

        size, most = self._arguments.batch, self.steps
        shape = (size, self._build["height"], self._build["width"], 1)
        lengths = tf.fill((size, 1), most)
        model, optimizer, training = self._model, self._optimizer, self._recognizer.training_model

        @tf.function(  # type: ignore[untyped-decorator]
            input_signature=[
                tf.TensorSpec(shape, tf.float32),
                tf.TensorSpec((size, most), tf.int32),
                tf.TensorSpec((size, 1), tf.int32),
            ]
        )
        def step(images: Any, labels: Any, label_lengths: Any) -> Any:
            with tf.GradientTape() as tape:
                given = [images, tf.cast(labels, tf.float32), lengths, label_lengths]
                loss = tf.reduce_mean(training(given, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            gradients, norm = tf.clip_by_global_norm(gradients, _CLIP)
            if tf.math.is_finite(norm):
                optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            return tf.where(tf.math.is_finite(norm), loss, float("nan"))

        return step

    def _one(self, batch: Any, rate: float) -> float:
        self._optimizer.learning_rate = rate
        loss = float(self._train(batch.images, batch.labels, batch.lengths))
        self.step += 1
        self._failed = 0 if math.isfinite(loss) else self._failed + 1
        if self._failed >= _MOST_FAILED:
            raise SystemExit(
                f"the loss is no number any more: try a lower --rate than {self._arguments.rate}"
            )
        return loss

    def look(self) -> None:
        """Prints the CER on each manifest of --validate, and adds it to curves.csv."""
        for manifest in self._arguments.validate:
            errors, length = self._errors(rows(manifest))
            print(f"step {self.step}: CER {errors / max(length, 1):.4f} on {manifest}", flush=True)
            with (self._checkpoint.path.parent / "curves.csv").open("a", encoding="utf-8") as out:
                out.write(f"{self.step},{self._elapsed:.0f},{manifest},{errors / max(length, 1):.5f}\n")

    def _errors(self, known: list[dict[str, Any]]) -> tuple[int, int]:
        import editdistance

        size = (self._build["height"], self._build["width"])
        errors = length = 0
        for start in range(0, len(known), 64):
            part = known[start : start + 64]
            images = np.zeros((64, *size, 1), np.float32)
            for place, row in enumerate(part):
                image = rgb(row["image"])
                if image is not None:
                    images[place, :, :, 0] = fitted(image, *size).astype(np.float32) / 255
            found = self._model.predict_on_batch(images)
            for row, probabilities in zip(part, found, strict=False):
                truth = normalised(row["text"], ALPHABET)
                errors += editdistance.eval(truth, decoded(probabilities))
                length += len(truth)
        return errors, length

    def _variables(self) -> list[Any]:
        return [*self._model.variables, *self._optimizer.variables]

    def _save(self) -> None:
        self._checkpoint.save(self.step, self._elapsed, self._variables())

    def write(self, out: Path) -> None:
        """The weights as HDF5, with what the model is built of."""
        import h5py

        out.parent.mkdir(parents=True, exist_ok=True)
        whole, part = out.with_suffix(".whole.h5"), out.with_suffix(".part.h5")
        self._model.save_weights(str(whole))
        identity = dict(self._checkpoint.identity)
        model = identity.pop("model")
        trained = {**identity, "steps": self.step, "minutes": round(self._elapsed / 60, 1)}
        with h5py.File(whole, "r") as source, h5py.File(part, "w") as target:
            _copy(source, target, whole=self._arguments.float32)
            target.attrs[ATTRIBUTE] = json.dumps({**model, "trained": trained})
        whole.unlink()
        part.replace(out)
        print(f"{out}: {out.stat().st_size / 1e6:.2f} MB", flush=True)


def _copy(source: Any, target: Any, *, whole: bool) -> None:
    """A group of HDF5, its kernels at half precision: half the size, and CER stays what it is."""
    import h5py

    for name, value in source.attrs.items():
        target.attrs[name] = value
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy(item, target.create_group(name), whole=whole)
        else:
            values = item[()]
            halved = values.ndim > 1 and not whole
            target.create_dataset(name, data=values.astype(np.float16) if halved else values)


def decoded(probabilities: NDArray[np.float32]) -> str:
    """The characters of the best path; the last class is CTC's blank."""
    best = probabilities.argmax(axis=1)
    kept = (np.diff(best, prepend=-1) != 0) & (best < len(ALPHABET))
    return "".join(ALPHABET[place] for place in best[kept].tolist())


if __name__ == "__main__":
    main()
