"""Peak resident memory of `cxrtune train` at 2,000 and at 100,000 images, with a synthetic bank.

    python benchmarks/memory.py --out FOLDER [--images 2000 100000]

Pack and bank are sparse files of zeros with the true sizes (5 + 5 GB at 100,000 images, almost none of it on
disk) and true records, so that the command opens and reads them like its own.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from cxrtune.cohort.table import CohortTable
from cxrtune.packs.pack import PIXELS, UNREADABLE, names_hash, open_pack
from cxrtune.progress import SilentReporter
from cxrtune.provenance import Source, record_path
from cxrtune.recipe import Recipe
from cxrtune.recipe_file import load_recipe
from cxrtune.stage import stage
from cxrtune.training.bank.keeper import BANK, bank_key
from cxrtune.training.bank.plan import plan_bank
from cxrtune.training.bank.view_file import ViewFile

RECIPE = (
    "--weights",
    "random",
    "--views",
    "1",
    "--set",
    "training.epochs=1",
    "--set",
    "training.batch_size=64",
)
VALIDATION = 500


def synthesise(out: Path, images: int, recipe: Recipe) -> None:
    """Make cohort, pack and bank."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "image": [f"{row:08}_000.png" for row in range(images)],
            "patient": [str(row) for row in range(images)],
            "view": "PA", "sex": "F", "age": 50, "followup": 0,
            "split": np.where(np.arange(images) < VALIDATION, "validation", "train"),
        }
    )  # fmt: skip
    for finding in ("Effusion", "Mass", "Nodule", "Atelectasis"):
        frame[finding] = pd.array((random.random(images) < 0.1).astype(int), dtype="Int8")
    cohort_file, pack_folder, bank = out / "cohort.parquet", out / "pack", out / "run" / BANK
    CohortTable(frame).write(cohort_file)
    pack_folder.mkdir()
    settings = {"preprocess": recipe.preprocess.model_dump(mode="json")}
    with stage("pack", pack_folder, [], settings, [UNREADABLE], SilentReporter()) as draft:
        np.lib.format.open_memmap(pack_folder / PIXELS, mode="w+", dtype=np.uint8, shape=(images, 224, 224))
        (pack_folder / UNREADABLE).write_text("image,reason\n")
        draft.counts["images_sha256"] = names_hash(frame["image"].to_numpy(object))
    inputs = [Source.of_file("cohort", cohort_file), Source.of_file("pack", record_path(pack_folder))]
    cohort = CohortTable(frame)
    plan = plan_bank(cohort, open_pack(pack_folder, cohort.images), recipe)
    bank.mkdir(parents=True)
    (bank / "bank.json").write_text(f'{{"key": "{bank_key(inputs, recipe)}"}}')
    view = ViewFile(bank, 0, plan.shape(0))
    view.prepare()
    view.finish()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, nargs="+", default=[2000, 100_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        place = options.out / str(options.one)
        arguments = ["--cohort", place / "cohort.parquet", "--pack", place / "pack", "--out", place / "run"]
        command = [sys.executable, "-m", "cxrtune", "train", *map(str, arguments), *RECIPE, "--quiet"]
        started = time.perf_counter()
        subprocess.run(command, check=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        print(peak, time.perf_counter() - started)
        return
    recipe = load_recipe(
        "reference", ["weights=random", "bank.views=1", "training.epochs=1", "training.batch_size=64"]
    )
    print("| images | bank, GB | peak resident memory, GB | seconds |\n|---:|---:|---:|---:|")
    for images in options.images:
        synthesise(options.out / str(images), images, recipe)
        # A process of its own, as the peak of children is that of the largest so far.
        command = [sys.executable, __file__, "--out", str(options.out), "--one", str(images)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peak, seconds = map(float, done.stdout.split())
        print(f"| {images:,} | {images * 50176 / 1e9:.1f} | {peak / 1e9:.2f} | {seconds:.0f} |", flush=True)
        shutil.rmtree(options.out / str(images))


if __name__ == "__main__":
    main()
