"""How fast the feature bank is built, beside what each engine reaches on images that lie ready.

    python benchmarks/bank.py FOLDER [--images 256] [--repeats 3]

FOLDER is searched for radiographs; they are packed first (that is not timed here: see decode.py). Rates are
medians of repeats that take turns; "building" decodes nothing but reads the pack, draws views, runs the trunk
and writes the files, synced. ONNX Runtime is measured where it and the onnx package are installed.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from cxrtune.cohort.table import CohortTable
from cxrtune.engines.choice import make_engine
from cxrtune.engines.engine import Engine, Precision
from cxrtune.engines.openvino_without_telemetry import openvino
from cxrtune.images.decode import read_radiograph
from cxrtune.images.preprocess import to_packed
from cxrtune.memory import keep_freed_memory
from cxrtune.models.densenet import ChestNet, build_network
from cxrtune.packs.pack import Pack
from cxrtune.recipe import Recipe
from cxrtune.training.bank.build import TrunkOutput, build_views
from cxrtune.training.bank.plan import plan_bank
from cxrtune.training.start import calibrate_trunk
from cxrtune.training.team import Machines, assemble

BATCH = 8


def eager(network: ChestNet, pixels: np.ndarray) -> None:
    """torch eager, channels_last, inference mode, on a tensor that lies ready."""
    with torch.inference_mode():
        for start in range(0, len(pixels), BATCH):
            network.features(torch.from_numpy(pixels[start : start + BATCH]))


def onnx_runner(network: ChestNet, folder: Path) -> Callable[[np.ndarray], None] | None:
    try:
        import onnx  # noqa: F401
        import onnxruntime
    except ImportError:
        return None
    path = folder / "trunk.onnx"
    example = torch.zeros((BATCH, 224, 224), dtype=torch.uint8)
    torch.onnx.export(TrunkOutput(network).eval(), (example,), str(path), dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(pixels: np.ndarray) -> None:
        for start in range(0, len(pixels), BATCH):
            session.run(None, {name: pixels[start : start + BATCH]})

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    keep_freed_memory()
    recipe = Recipe.model_validate({"weights": "random", "bank": {"views": 1}})
    files = sorted(options.folder.rglob("*.png"))[: options.images]
    pixels = np.stack([to_packed(read_radiograph(path), recipe.preprocess) for path in files])
    network = build_network(8, recipe.head, recipe.preprocess, seed=0)
    calibrate_trunk(network, torch.from_numpy(pixels[:64]), batch_size=8)
    frame = pd.DataFrame(
        {"image": [path.name for path in files], "patient": range(len(files)), "split": "train"}
    )
    cohort, pack = CohortTable(frame), Pack(pixels, np.ones(len(files), dtype=bool), recipe.preprocess)
    plan, team = plan_bank(cohort, pack, recipe), assemble(Machines())
    precisions = ["float32", *(["bfloat16"] if _has_bfloat16() else []), "int8"]
    engines = {precision: _openvino(network, precision, pixels) for precision in precisions}
    with tempfile.TemporaryDirectory() as place:

        def build(precision: str) -> None:
            # View 1 is an augmented one.
            shutil.rmtree(Path(place) / "bank", ignore_errors=True)
            (Path(place) / "bank").mkdir()
            build_views(Path(place) / "bank", plan, [1], lambda: engines[precision], pack, recipe, team)

        work: dict[str, Callable[[], object]] = {"torch eager, ready tensors": lambda: eager(network, pixels)}
        onnx = onnx_runner(network, Path(place))
        if onnx is not None:
            work["ONNX Runtime, ready images"] = lambda: onnx(pixels)
        for precision, engine in engines.items():
            work[f"OpenVINO {precision}, ready images"] = lambda engine=engine: list(engine.stream(pixels))
            work[f"OpenVINO {precision}, building a bank"] = lambda precision=precision: build(precision)
        spent: dict[str, list[float]] = {name: [] for name in work}
        for repeat in range(options.repeats + 1):
            for name, run in work.items():
                started = time.perf_counter()
                run()
                if repeat:  # the first is for warming up
                    spent[name].append(time.perf_counter() - started)
    print(f"{len(files)} radiographs at 224 px, medians of {options.repeats}")
    print("| what | images/s | ratio to torch eager | share of its engine |\n|---|---:|---:|---:|")
    first = spent["torch eager, ready tensors"]
    for name, times in spent.items():
        ratio = statistics.median(a / b for a, b in zip(first, times, strict=True))
        ready = spent.get(name.replace("building a bank", "ready images"), times)
        share = statistics.median(a / b for a, b in zip(ready, times, strict=True))
        shown = f"{100 * share:.0f} %" if "building" in name else ""
        print(f"| {name} | {len(files) / statistics.median(times):.1f} | {ratio:.2f} | {shown} |")


def _openvino(network: ChestNet, precision: Precision, pixels: np.ndarray) -> Engine:
    return make_engine(
        "openvino", TrunkOutput(network), size=224, precision=precision, calibration=pixels[:128]
    )


def _has_bfloat16() -> bool:
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


if __name__ == "__main__":
    main()
