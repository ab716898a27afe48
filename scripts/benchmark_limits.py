"""What bounds engines: the processor, memory over many pages, and the start of the command."""

from __future__ import annotations

import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_report import CORPORA, Report, read_all, rows_of, tell

from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.manifest import load_manifest
from ocr_plugins.memory import MEGABYTE
from ocr_plugins.samples import samples_manifest
from ocr_plugins.threads import cores

SIZES, EARLY = 300, 20
# Twice the sum over CRAFT's convolutions of inputs x outputs x kernel, each by the share of pixels it sees.
CRAFT_OPERATIONS = 2 * 356_000


def machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    units = [
        unit
        for unit in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
        if unit in flags
    ]
    name = names[0] if names else platform.processor()
    return f"{os.cpu_count()} cores of {name} ({', '.join(units)}), Python {platform.python_version()}"


def convolution(side: int, channels: int) -> bytes:
    """A graph of one convolution of 3 x 3."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(1).normal(0, 0.02, (channels, channels, 3, 3)).astype(np.float32)
    shape = [1, channels, side, side]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "weights"], ["scores"], name="conv", pads=[1, 1, 1, 1])],
        "convolution",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def ceilings(report: Report) -> None:
    """How fast OpenVINO computes the kind of convolution that most of CRAFT's time goes into."""
    from ocr_plugins.adapters.int8 import quantize
    from ocr_plugins.adapters.runtimes import has_bfloat16, open_onnxruntime, open_openvino

    side, channels = 160, 256
    graph = convolution(side, channels)
    image = {"image": np.random.default_rng(2).normal(size=(1, channels, side, side)).astype(np.float32)}
    whole = quantize(graph, lambda _: True, [image], lambda graph: open_onnxruntime(graph, cores()))
    graphs = {"float32": (graph, True), "int8": (whole, False)}
    if has_bfloat16():
        graphs["bfloat16"] = (graph, False)
    operations = 2 * side * side * channels * channels * 9
    found = {}
    for name, (one, exact) in graphs.items():
        run = open_openvino(one, cores(), exact=exact)
        times = []
        for _ in range(9):
            started = time.perf_counter()
            run(image)
            times.append(time.perf_counter() - started)
        found[name] = operations / statistics.median(times) / 1e9
    # Multiplications and additions of CRAFT for each pixel of its input.
    needs = CRAFT_OPERATIONS * 2368 * 1664 / 1e9
    print("\nA convolution of 256 channels, and what CRAFT would take at that rate for A4 at 200 dpi")
    for name, rate in found.items():
        print(f"{name}: {rate:.0f} GFLOP/s, {needs / rate:.2f} s")
    report.found["ceilings"] = found


def sized(count: int) -> Iterator[PageImage]:
    """Pieces of pages, of sizes by chance."""
    chance = random.Random(1)
    sources = [row.ref().load() for corpus in CORPORA for row in rows_of(corpus, 2)]
    for _ in range(count):
        source = chance.choice(sources)
        width, height = (min(side, chance.randrange(200, 800)) for side in source.size)
        x, y = chance.randrange(source.size[0] - width + 1), chance.randrange(source.size[1] - height + 1)
        yield PageImage(pixels=np.ascontiguousarray(source.pixels[y : y + height, x : x + width]))


def memory(report: Report) -> None:
    engine: Any = open_engine("easyocr:runtime=exact:recycle=1000:timeout=3600")
    peaks = []
    for place, image in enumerate(sized(SIZES)):
        read_all(engine, [image])
        peaks.append(engine.peak_memory / MEGABYTE)
        if place % 50 == 49:
            tell(f"memory: page {place + 1} of {SIZES}: {peaks[-1]:.0f} MB")
    engine.close()
    early, late = peaks[EARLY - 1], peaks[-1]
    print(f"\nEasyOCR's worker at most: {early:.0f} MB after {EARLY} pages, {late:.0f} MB after {SIZES}")
    report.found["memory"] = {"early": early, "late": late}
    report.judge(f"easyocr, peak memory after {SIZES} pages over {EARLY}", late / early, 1.15, most=True)


def start(report: Report) -> None:
    line = next(row for row in load_manifest(samples_manifest()).rows if row.id == "line").path
    command = [sys.executable, "-m", "ocr_plugins", "read", str(line), "--engine", "crnn", "--no-store"]
    times = []
    for _ in range(7):
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            if process.stdout is None or not process.stdout.read(1):
                sys.exit("nothing was read")
            times.append(time.perf_counter() - started)
            process.stdout.read()
    median = statistics.median(times)
    spread = f"{min(times):.2f} to {max(times):.2f}"
    print(f"\n`ocr-plugins read` with crnn: {median:.2f} s to the first word ({spread})")
    report.found["start"] = times
    report.judge("ocr-plugins read with crnn to the first word, s", median, 1.5, most=True)
