"""What the batch size and the C library's memory policy do to the trunk and to a training step of the tail.

    python benchmarks/trunk.py

Each figure comes from a process of its own, as the policy holds for a whole process.
"""

import argparse
import statistics
import subprocess
import sys
import time

import numpy as np
import torch

from cxrtune.memory import keep_freed_memory
from cxrtune.models.densenet import build_network
from cxrtune.recipe import HeadSpec, PreprocessSpec

IMAGES = 64
REPEATS = 5


def rates(kept: bool, batch: int) -> tuple[float, float]:
    """Return images a second of the trunk, and of a training step of the tail (batch 16)."""
    if kept:
        keep_freed_memory()
    network = build_network(8, HeadSpec(), PreprocessSpec(), seed=0).train()
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (batch, 224, 224), dtype=np.uint8))
    with torch.inference_mode():
        trunk = rate(lambda: network.features(pixels), batch)
    features = torch.rand(16, 7, 7, 512).permute(0, 3, 1, 2)
    optimizer = torch.optim.Adam(network.tail.parameters())

    def step() -> None:
        optimizer.zero_grad()
        network.tail(features).sum().backward()
        optimizer.step()

    return trunk, rate(step, 16)


def rate(work: object, images: int) -> float:
    work()
    spent = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        for _ in range(IMAGES // images):
            work()
        spent.append(time.perf_counter() - started)
    return IMAGES / statistics.median(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("KEPT", "BATCH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(*rates(options.one[0] == "kept", int(options.one[1])))
        return
    print("| freed memory | batch | trunk, images/s | tail step, images/s |\n|---|---:|---:|---:|")
    for policy in ("returned", "kept"):
        for batch in (4, 8, 16, 32):
            command = [sys.executable, __file__, "--one", policy, str(batch)]
            trunk, tail = map(
                float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            )
            print(f"| {policy} | {batch} | {trunk:.1f} | {tail:.0f} |")


if __name__ == "__main__":
    main()
