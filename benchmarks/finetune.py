"""How much faster than the usual loop: the same phantoms of 1024 px, the same 20 epochs, both in one run.

    python benchmarks/finetune.py --out FOLDER [--images 400] [--epochs 20] [--usual-epochs 3] [--seeds 3]

The usual loop (`usual_loop.py`) is timed over a few epochs, which are all alike, and multiplied; with
`--usual-epochs 20` it runs to its end, which also gives the AUROC that it reaches. cxrtune's time counts
everything from the command's start: imports, packing, the bank, the epochs, the thresholds, the model file.
Both begin with the same weights: random, with the statistics of batch-norm set on the training images.
"""

import argparse
import csv
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from cxrtune.cohort.table import CohortTable
from cxrtune.engines.openvino_without_telemetry import openvino
from cxrtune.models.densenet import build_network
from cxrtune.packs.pack import open_pack
from cxrtune.recipe import HeadSpec, PreprocessSpec
from cxrtune.training.start import calibrate_trunk

# A constant rate and no early end, as the usual loop has; the running average of the weights is ours.
ALIKE = (
    "--set", "head.pooling=average",
    "--set", "training.early_stopping=0",
    "--set", "training.monitor=val_auroc",
    "--set", "training.schedule.name=constant",
    "--set", "training.ema=0.97",
)  # fmt: skip


def command(*arguments: object) -> float:
    """Run `cxrtune ARGUMENT ...` and return its wall time in seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "cxrtune", *map(str, arguments), "--quiet"], check=True)
    return time.perf_counter() - started


def prepare(out: Path, images: int, seed: int) -> tuple[Path, Path]:
    """Draw phantoms and return a cohort of so many training and validation images, and first weights."""
    data, cohort, weights = out / "phantoms", out / "cohort.parquet", out / "first-weights.pth"
    # A quarter of all patients are for testing, which no loop here looks at.
    if not data.is_dir():
        command("phantom", "--out", data, "--images", round(images * 1.5), "--size", 1024)
    if not weights.is_file():
        command("cohort", "--data", data, "--out", out / "all.parquet")
        table = pd.read_parquet(out / "all.parquet")
        CohortTable(table[table["split"] != "test"].head(images).reset_index(drop=True)).write(cohort)
        command("pack", "--cohort", cohort, "--data", data, "--out", out / "calibration")
        pack = open_pack(out / "calibration", pd.read_parquet(cohort)["image"].to_numpy(object))
        network = build_network(8, HeadSpec(), PreprocessSpec(), seed)
        rows = np.flatnonzero(pd.read_parquet(cohort)["split"] == "train")[:256]
        calibrate_trunk(network, torch.from_numpy(pack.pixels[rows]))
        torch.save(_as_torchvision(network), weights)
    return cohort, weights


def _as_torchvision(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    state = {"classifier.weight": torch.zeros(1000, 1024), "classifier.bias": torch.zeros(1000)}
    for name, tensor in network.state_dict().items():
        if ".head." not in name:
            state[f"features.{name.removeprefix('trunk.features.').removeprefix('tail.')}"] = (
                tensor.contiguous()
            )
    return state


def usual(
    cohort: Path, data: Path, weights: Path, *, epochs: int, seed: int
) -> tuple[float, list[dict[str, float]]]:
    """Return the start-up of the usual loop in seconds, and its epochs."""
    script = Path(__file__).with_name("usual_loop.py")
    arguments = [str(cohort), str(data / "images"), "--epochs", str(epochs), "--seed", str(seed)]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(script), *arguments, "--weights", str(weights)],
        check=True,
        capture_output=True,
        text=True,
    )
    rows = json.loads(done.stdout)
    return time.perf_counter() - started - sum(row["seconds"] for row in rows), rows


def ours(
    out: Path, cohort: Path, data: Path, weights: Path, *recipe: object
) -> tuple[float, list[dict[str, float]]]:
    """Return the whole time of packing and training in seconds, and the epochs."""
    shutil.rmtree(out, ignore_errors=True)
    spent = command("pack", "--cohort", cohort, "--data", data, "--out", out / "pack")
    spent += command(
        "train",
        "--cohort",
        cohort,
        "--pack",
        out / "pack",
        "--out",
        out,
        "--weights",
        weights,
        *ALIKE,
        *recipe,
    )
    with (out / "metrics.csv").open() as stream:
        rows = [
            {"seconds": float(row["seconds"]), "val_auroc": float(row["val_auroc"])}
            for row in csv.DictReader(stream)
        ]
    return spent, rows


def has_bfloat16() -> bool:
    """Return whether this CPU computes in bfloat16."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def reached(spent: float, rows: list[dict[str, float]], auroc: float) -> float | None:
    """Return the time at which a validation AUROC was reached, all that came before the epochs counted."""
    before = spent - sum(row["seconds"] for row in rows)
    for number, row in enumerate(rows, start=1):
        if row["val_auroc"] >= auroc:
            return before + sum(done["seconds"] for done in rows[:number])
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--usual-epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    cohort, weights = prepare(options.out, options.images, seed=0)
    place = (cohort, options.out / "phantoms", weights)
    epochs = ("--set", f"training.epochs={options.epochs}")
    precision = "bfloat16" if has_bfloat16() else "float32"
    settings = {
        "cxrtune, one view": ("--views", 1, *epochs),
        "cxrtune, one view, drawn anew twice": (
            "--views", 1, "--bank-precision", precision, *epochs, "--set", "bank.refresh=7",
        ),
        "cxrtune, four views": ("--views", 4, *epochs),
        "cxrtune, time to quality": (
            "--views", 3, "--bank-precision", precision, "--set", "training.epochs=7",
        ),
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in ("usual loop", *settings)}
    best: dict[str, list[float]] = {name: [] for name in ("usual loop", *settings)}
    quality: dict[str, list[float | None]] = {"best": [], "last": []}
    for seed in range(options.seeds):
        start_up, rows = usual(*place, epochs=options.usual_epochs, seed=seed)
        epoch = statistics.mean(row["seconds"] for row in rows)
        times["usual loop"].append(start_up + options.epochs * epoch)
        best["usual loop"].append(max(row["val_auroc"] for row in rows))
        last = rows[-1]["val_auroc"]
        for name, recipe in settings.items():
            spent, rows = ours(options.out / "run", *place, *recipe, "--set", f"seed={seed}")
            times[name].append(spent)
            best[name].append(max(row["val_auroc"] for row in rows))
            if name.endswith("quality"):
                quality["best"].append(reached(spent, rows, best["usual loop"][-1]))
                quality["last"].append(reached(spent, rows, last))
        print(f"seed {seed} done\n", flush=True)
        tell(options, times, best, quality)


def tell(
    options: argparse.Namespace,
    times: dict[str, list[float]],
    best: dict[str, list[float]],
    quality: dict[str, list[float | None]],
) -> None:
    """Print the table of all seeds so far."""
    done = len(quality["last"])
    print(f"{options.images} phantoms of 1024 px, {options.epochs} epochs; the usual loop ran"
          f" {options.usual_epochs} of them and its time was scaled; medians of {done} seeds\n")  # fmt: skip
    print("| loop | seconds | times as fast | best validation AUROC, each seed |\n|---|---:|---:|---|")
    for name in times:
        ratio = statistics.median(a / b for a, b in zip(times["usual loop"], times[name], strict=True))
        areas = ", ".join(f"{area:.3f}" for area in best[name])
        print(f"| {name} | {statistics.median(times[name]):.0f} | {ratio:.1f} | {areas} |")
    for which, spans in quality.items():
        told = ", ".join(
            "not reached" if spent is None else f"{spent:.0f} s ({total / spent:.1f} times as fast)"
            for total, spent in zip(times["usual loop"], spans, strict=True)
        )
        print(f"\nTime until the usual loop's {which} AUROC, each seed: {told}", flush=True)


if __name__ == "__main__":
    main()
