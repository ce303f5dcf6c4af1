"""What a change of the code costs: the commands of two source trees, in turn, on the same images.

    python benchmarks/versions.py --out FOLDER --images IMAGES before=SRC after=SRC [--rounds 5]

Draws phantoms with the first tree and trains a model on them. IMAGES is a folder of radiographs to score.
Each command runs in a process of its own; the trees take turns in going first, so that a machine that slows
down slows both. Prints the median seconds, the ratio of the medians, the range of the rounds' own ratios,
and the peak of resident memory.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from serving import form, load

QUICK = ("--set", "training.epochs=2", "--views", "1", "--weights", "random")


class Tree:
    """A source tree, and where its commands write."""

    def __init__(self, named: str, out: Path) -> None:
        self.name, _, source = named.partition("=")
        self.environment = os.environ | {"PYTHONPATH": str(Path(source).resolve())}
        self.out = out / self.name
        self.out.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments: object) -> tuple[float, float]:
        """Run a command; return its seconds and its peak memory in MB."""
        command = [sys.executable, "-m", "cxrtune", *map(str, arguments), "--quiet"]
        started = time.perf_counter()
        process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{self.name}: {' '.join(command)}: exit code {process.returncode}")
        return time.perf_counter() - started, used.ru_maxrss / 1024

    def serve(self, model: Path, bodies: list[bytes], requests: int) -> tuple[float, float]:
        """Serve a model; return the seconds of so many requests of four clients, and the peak memory."""
        how = ("--port", "0", "--engine", "torch", "--quiet")
        command = [sys.executable, "-m", "cxrtune", "serve", model, *how]
        with subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            port = int(re.fullmatch(r"Listening on http://127\.0\.0\.1:(\d+)", line.strip()).group(1))
            load(port, bodies, 4, 8)
            _, seconds = load(port, bodies, 4, requests)
            peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
            process.terminate()
        return seconds, int(peak.group(1)) / 1024


def measured(tree: Tree, data: Path, images: Path, model: Path) -> dict[str, tuple[float, float]]:
    """Run every command once; return seconds and peak memory of each."""
    out = tree.out
    shutil.rmtree(out)
    out.mkdir()
    cohort, pack, table = out / "cohort.parquet", out / "pack", out / "scores.parquet"
    inputs = ("--cohort", cohort, "--pack", pack)
    files = sorted(images.rglob("*.png"))
    some = [form(file.read_bytes()) for file in files[:16]]
    return {
        "cohort": tree.run("cohort", "--data", data, "--out", cohort),
        "verify": tree.run("verify", data),
        "pack": tree.run("pack", "--cohort", cohort, "--data", data, "--out", pack),
        "train": tree.run("train", *inputs, "--out", out / "run", *QUICK),
        "predict one image": tree.run("predict", model, files[0], "--out", out / "one.parquet"),
        "predict a folder to a table": tree.run("predict", model, images, "--out", table),
        "predict a folder to shards": tree.run("predict", model, images, "--out", out / "shards"),
        "serve, 200 requests": tree.serve(model, some, 200),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs=2)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    trees = [Tree(named, options.out) for named in options.trees]
    data, model = options.out / "phantoms", options.out / "model"
    trees[0].run("phantom", "--out", data, "--images", "400")
    trees[0].run("run", "--data", data, "--out", model, *QUICK)
    found: dict[str, list[list[tuple[float, float]]]] = {}
    for number in range(options.rounds):
        order = [0, 1] if number % 2 == 0 else [1, 0]
        here = {place: measured(trees[place], data, options.images, model) for place in order}
        for what in here[0]:
            found.setdefault(what, []).append([here[0][what], here[1][what]])
    print(f"| command | {trees[0].name}, s | {trees[1].name}, s | ratio | of each round | memory, MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for what, rounds in found.items():
        before, after = (statistics.median(one[place][0] for one in rounds) for place in (0, 1))
        ratios = sorted(one[1][0] / one[0][0] for one in rounds)
        memory = [statistics.median(one[place][1] for one in rounds) for place in (0, 1)]
        print(
            f"| {what} | {before:.2f} | {after:.2f} | {after / before:.3f}"
            f" | {ratios[0]:.2f} to {ratios[-1]:.2f} | {memory[0]:.0f}, {memory[1]:.0f} |"
        )


if __name__ == "__main__":
    main()
