"""How fast one image, and many, are scored: engines beside torch eager, and our path beside the usual one.

    python benchmarks/inference.py RUN FOLDER [--images 64] [--repeats 5]

RUN is a run folder with a model, its cohort and its pack; FOLDER is searched for radiographs of 1024 px. All
of it is one process, and what is compared takes turns; times are medians. The usual path is torchxrayvision's
own: its loader, its crop and resize, its DenseNet in eval mode, one image at a time.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torchvision
import torchxrayvision as xrv

from cxrtune.engines.convert import to_openvino
from cxrtune.engines.engine import Aim, Engine, Precision
from cxrtune.engines.export import GATE_OPERATIONS
from cxrtune.engines.openvino_engine import OpenVinoEngine
from cxrtune.engines.quantise import quantise
from cxrtune.experiment.export import images_of
from cxrtune.memory import keep_freed_memory
from cxrtune.models.checkpoint import load_gated_model
from cxrtune.models.densenet import ChestNet
from cxrtune.models.scoring import ScoringNet
from cxrtune.scoring.loading import TITLE, LoadedModel
from cxrtune.scoring.prediction import ModelIdentity
from cxrtune.scoring.predictor import Predictor

BATCH = 8


def eager(network: ChestNet, images: Sequence[np.ndarray], batch: int) -> None:
    """torch eager, channels_last, inference mode, logits only."""
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            network(torch.from_numpy(np.stack(images[start : start + batch])))


def usual(network: torch.nn.Module, transform: Callable[[np.ndarray], np.ndarray], path: Path) -> np.ndarray:
    """What torchxrayvision's own example does with one file."""
    image = transform(xrv.utils.load_image(str(path)))
    with torch.inference_mode():
        return network(torch.from_numpy(image)[None]).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    keep_freed_memory()
    network, gate, info = load_gated_model(options.run)
    scoring = ScoringNet(network, gate, flip=info.recipe.prediction.flip)
    held = images_of(options.run, None, None, info)
    images = list(held.pixels(held.of("validation", options.images)))
    files = sorted(options.folder.rglob("*.png"))[: options.images]
    model = to_openvino(scoring, info.recipe.preprocess.size)
    coarse = quantise(
        to_openvino(scoring, info.recipe.preprocess.size),
        held.pixels(held.of("train", 128)),
        keep=GATE_OPERATIONS,
    )
    engines: dict[tuple[Precision, Aim], Engine] = {
        (precision, aim): OpenVinoEngine(model if precision == "float32" else coarse, precision, aim)
        for precision in ("float32", "int8")
        for aim in ("throughput", "latency")
    }
    predictors = {
        precision: Predictor(LoadedModel(info, ModelIdentity(TITLE, "", engine.name), engine))
        for (precision, aim), engine in engines.items()
        if aim == "latency"
    }
    peer = xrv.models.DenseNet(num_classes=18).eval()
    crop = torchvision.transforms.Compose([xrv.datasets.XRayCenterCrop(), xrv.datasets.XRayResizer(224)])
    spent: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], object], count: int = 1) -> None:
        started = time.perf_counter()
        work()
        spent.setdefault(name, []).append((time.perf_counter() - started) / count)

    for repeat in range(options.repeats + 1):
        timed("torch, many", lambda: eager(network, images, BATCH), len(images))
        for precision in ("float32", "int8"):
            many = engines[precision, "throughput"]
            timed(f"{precision}, many", lambda many=many: list(many.stream(images)), len(images))
        # One way after the other, each over all images: torch's threads spin for a while after a call, and
        # would take the processors from whatever comes next.
        for image in images:
            timed("torch, one", lambda image=image: eager(network, [image], 1))
        for precision in ("float32", "int8"):
            one = engines[precision, "latency"]
            for image in images:
                timed(f"{precision}, one", lambda one=one, image=image: list(one.stream([image])))
            predictor = predictors[precision]
            for path in files:
                timed(
                    f"{precision}, from disk", lambda predictor=predictor, path=path: predictor.predict(path)
                )
        for path in files:
            timed("usual path", lambda path=path: usual(peer, crop, path))
        if not repeat:
            spent.clear()  # the first is for warming up
    median = {name: statistics.median(times) for name, times in spent.items()}
    print(f"{len(images)} packed radiographs, {len(files)} files, medians of {options.repeats} rounds\n")
    print("| what | torch eager | OpenVINO float32 | aim | OpenVINO INT8 | aim |")
    print("|---|---:|---:|---:|---:|---:|")
    rate = {name: 1 / median[f"{name}, many"] for name in ("torch", "float32", "int8")}
    print(
        f"| packed images a second | {rate['torch']:.1f} | {rate['float32']:.1f}"
        f" ({rate['float32'] / rate['torch']:.2f} x) | 1.35 x | {rate['int8']:.1f}"
        f" ({rate['int8'] / rate['torch']:.2f} x) | 2.5 x |"
    )
    one = {name: 1000 * median[f"{name}, one"] for name in ("torch", "float32", "int8")}
    print(
        f"| one image, network only | {one['torch']:.1f} ms | {one['float32']:.1f} ms"
        f" ({one['float32'] / one['torch']:.2f}) | 0.65 | {one['int8']:.1f} ms"
        f" ({one['int8'] / one['torch']:.2f}) | 0.40 |"
    )
    disk = {name: 1000 * median[f"{name}, from disk"] for name in ("float32", "int8")}
    peer_ms = 1000 * median["usual path"]
    print(
        f"| from a 1024 px PNG to probabilities and gate, share of network only | | {disk['float32']:.1f} ms"
        f" ({disk['float32'] / one['float32']:.2f}) | 1.40 | {disk['int8']:.1f} ms"
        f" ({disk['int8'] / one['int8']:.2f}) | |"
    )
    print(
        f"| the same, rate beside the usual path's ({peer_ms:.1f} ms) | | {peer_ms / disk['float32']:.2f} x |"
        f" 2.3 x | {peer_ms / disk['int8']:.2f} x | 3 x |"
    )


if __name__ == "__main__":
    main()
