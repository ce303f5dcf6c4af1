"""What a coarser bank costs: validation AUROC after training on float32, bfloat16 and INT8 features.

    python benchmarks/precision.py --out FOLDER [--seeds 3] [--epochs 10]

The phantoms, first weights and settings of finetune.py, four views. "By the network": the trained tail behind
the float32 trunk, which is what predicts.
"""

import argparse
import re
import statistics
from pathlib import Path

from finetune import has_bfloat16, ours, prepare

from cxrtune.provenance import read_record, record_path


def by_the_network(run: Path, on_the_bank: float) -> float:
    """Return the validation AUROC of the float32 network, from the record; of float32 it is the bank's."""
    notes = " ".join(read_record(record_path(run / "model.safetensors")).notes)
    found = re.search(r"([\d.]+) by the float32 network", notes)
    return float(found.group(1)) if found else on_the_bank


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    place = prepare(options.out, 400, seed=0)
    cohort, weights = place
    precisions = ["float32", *(["bfloat16"] if has_bfloat16() else []), "int8"]
    print(
        "| bank | on the bank's features, each seed | by the network, each seed | mean | less than float32 |"
    )
    print("|---|---|---|---:|---:|", flush=True)
    reference = 0.0
    for precision in precisions:
        bank, network = [], []
        for seed in range(options.seeds):
            run = options.out / "precision"
            _, rows = ours(
                run, cohort, options.out / "phantoms", weights, "--views", 4, "--bank-precision", precision,
                "--set", f"training.epochs={options.epochs}", "--set", f"seed={seed}",
            )  # fmt: skip
            bank.append(max(row["val_auroc"] for row in rows))
            network.append(by_the_network(run, bank[-1]))
        mean = statistics.mean(network)
        reference = reference or mean
        shown = [", ".join(f"{area:.3f}" for area in areas) for areas in (bank, network)]
        print(f"| {precision} | {shown[0]} | {shown[1]} | {mean:.3f} | {reference - mean:+.3f} |", flush=True)


if __name__ == "__main__":
    main()
