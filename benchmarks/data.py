"""Large data: packing, the whole of NIH's table, and archives: how fast they are scored, and in what memory.

    python benchmarks/data.py --out FOLDER [--part score] [--images 300] [--rounds 3]

Draws phantoms of 1024 px and trains models on them (one epoch, random first weights), all kept in FOLDER for
the next time; archives are links to the phantoms. Leave the machine alone meanwhile.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import packing
import psutil
import verify

from cxrtune.files import sha256_of
from cxrtune.images.listing import list_images
from cxrtune.images.reading import Reading, reader
from cxrtune.images.workers import Workers
from cxrtune.memory import keep_freed_memory
from cxrtune.models.description import model_file
from cxrtune.processors import processor_count
from cxrtune.progress import FileNotes, SilentReporter
from cxrtune.provenance import Source
from cxrtune.scoring.loading import LoadedModel, load_scorer
from cxrtune.scoring.plan import Work, open_or_write_plan
from cxrtune.scoring.shards import ShardScorer

SMALL = 64  # pixels, of the network that memory is measured with: it is fast, and archives are what is large


@dataclass(frozen=True)
class Bench:
    """What the parts are told."""

    out: Path
    images: int
    rounds: int
    sizes: tuple[int, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--part", choices=PARTS, action="append", help="all of them if none is named")
    parser.add_argument("--images", type=int, default=300, help="phantoms")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs=2, default=(1000, 20_000), help="memory is compared at")
    options = parser.parse_args()
    bench = Bench(options.out, options.images, options.rounds, tuple(options.sizes))
    for name in options.part or PARTS:
        print(f"\n## {name}\n", flush=True)
        PARTS[name](bench)


def score(bench: Bench) -> None:
    """Decoding alone, the engine alone, both together."""
    keep_freed_memory()
    run, files = model(bench, 224), phantoms(bench)
    loaded = load_scorer(run, "openvino", aim="throughput", at_once=processor_count())
    images = [image.path for image in list_images([files]).files()]
    with decoders_of(loaded) as decoders:
        packed = [one.packed for one in decoders.read(images) if isinstance(one, Reading)]
        ways: dict[str, Callable[[], object]] = {
            "decoding alone": lambda: list(decoders.read(images)),
            "engine alone": lambda: list(loaded.engine.stream(packed)),
            "both, shards written": lambda: scored(bench, loaded, decoders, files, run),
        }
        rates = taking_turns(ways, len(images), bench.rounds)
    print(f"{len(images)} PNG files of 1024 px, {loaded.engine.name} at 224 px, {bench.rounds} rounds\n")
    print("| what | images/s | of the slower one alone | processor time, ms an image |\n|---|---:|---:|---:|")
    slower = min(rates["decoding alone"].images, rates["engine alone"].images)
    for name, rate in rates.items():
        print(
            f"| {name} | {rate.images:.1f} | {rate.images / slower:.0%} | {rate.processor:.1f} |", flush=True
        )


def memory(bench: Bench) -> None:
    """Resident memory while archives of two sizes are scored."""
    run = model(bench, SMALL)
    print(
        "\n| images | engine's process, MB | with decoding processes, MB | seconds |\n|---:|---:|---:|---:|"
    )
    for size in bench.sizes:
        folder, out = links(bench, size), fresh(bench.out / "scored")
        started = time.perf_counter()
        process = subprocess.Popen(command(run, folder, out))
        own = together = 0
        while process.poll() is None:
            resident = resident_of(process.pid)
            own, together = max(own, resident[0]), max(together, sum(resident))
            time.sleep(0.2)
        assert process.returncode == 0
        seconds = time.perf_counter() - started
        print(f"| {size:,} | {own / 1e6:.0f} | {together / 1e6:.0f} | {seconds:.0f} |", flush=True)


def ray(bench: Bench) -> None:
    """Two Ray workers beside local scoring: seconds of the command at two sizes, hence rate and start."""
    run, few, many = model(bench, 224), bench.images, 4 * bench.images
    ways = {"local": ("--on", "local"), "Ray, two workers": ("--on", "ray", "--workers", "2")}
    spent: dict[tuple[str, int], list[float]] = {}
    for _ in range(bench.rounds):
        for name, more in ways.items():
            for size in (few, many):
                folder, out = links(bench, size), fresh(bench.out / "scored")
                started = time.perf_counter()
                subprocess.run([*command(run, folder, out), *more], check=True)
                spent.setdefault((name, size), []).append(time.perf_counter() - started)
    seconds = {key: statistics.median(times) for key, times in spent.items()}
    rates = {name: (many - few) / (seconds[name, many] - seconds[name, few]) for name in ways}
    print(f"| where | {few:,} images | {many:,} images | images/s between | of local | start, s |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, rate in rates.items():
        first, last = seconds[name, few], seconds[name, many]
        start = first - few / rate
        share = rate / rates["local"]
        print(f"| {name} | {first:.0f} s | {last:.0f} s | {rate:.1f} | {share:.2f} | {start:.0f} |")


def pack(bench: Bench) -> None:
    """Packing beside TorchXRayVision's loader, and in more processes."""
    packing.pack(phantoms(bench).parent, min(bench.images, 110), bench.rounds)


def table(bench: Bench) -> None:
    """`cohort` and `verify` on NIH's whole table, with empty files for its images."""
    data = fresh(bench.out / "stand-ins")
    images = verify.write_stand_ins(data)
    out = bench.out / "whole.parquet"
    command = [sys.executable, "-m", "cxrtune", "cohort", "--data", str(data), "--out", str(out), "--quiet"]
    spent = []
    for _ in range(bench.rounds):
        out.with_suffix(".provenance.json").unlink(missing_ok=True)
        started = time.perf_counter()
        subprocess.run(command, check=True)
        spent.append(time.perf_counter() - started)
    print(f"cohort of {images:,} images: {statistics.median(spent):.1f} s (median of {bench.rounds})")
    spent = [verify.seconds_of_verify(data) for _ in range(bench.rounds)]
    print(f"verify of {images:,} names: {statistics.median(spent):.1f} s (median of {bench.rounds})")
    fresh(data)


PARTS: dict[str, Callable[[Bench], None]] = {
    "pack": pack,
    "table": table,
    "score": score,
    "memory": memory,
    "ray": ray,
}


@dataclass(frozen=True)
class Rate:
    """Images a second, and milliseconds of processor time an image, which other work hardly changes."""

    images: float
    processor: float


def taking_turns(ways: dict[str, Callable[[], object]], count: int, rounds: int) -> dict[str, Rate]:
    """Return each way's medians; the first round is for warming up."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, work in ways.items():
            started, used = time.perf_counter(), processor_time()
            work()
            spent[name].append((time.perf_counter() - started, processor_time() - used))
    medians = {
        name: [statistics.median(column) for column in zip(*times[1:], strict=True)]
        for name, times in spent.items()
    }
    return {name: Rate(count / wall, used / count * 1000) for name, (wall, used) in medians.items()}


def processor_time() -> float:
    """Return the seconds that this process and those below it have computed."""
    own = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (own, *own.children(recursive=True)))


def decoders_of(loaded: LoadedModel) -> Workers[Path | bytes, Reading]:
    return Workers(reader(loaded.info.recipe.preprocess, whole=False), processor_count())


def scored(
    bench: Bench, loaded: LoadedModel, decoders: Workers[Path | bytes, Reading], files: Path, run: Path
) -> None:
    """Score the phantoms into shards, as the command does once it has started."""
    out, size = fresh(bench.out / "scored"), 1024
    work = Work([Source("model", str(run), sha256_of(model_file(run)), 0)], {})
    plan = open_or_write_plan(out, list_images([files]), work, size, anew=False)
    for _ in ShardScorer(loaded, decoders, FileNotes("predict", SilentReporter()), refuse=False).score(
        plan, plan.missing()
    ):
        pass


def phantoms(bench: Bench) -> Path:
    """Draw the radiographs, once."""
    data = bench.out / f"phantoms-{bench.images}"
    if not data.exists():
        cxrtune("phantom", "--out", data, "--images", bench.images, "--size", 1024)
    return data / "images"


def model(bench: Bench, size: int) -> Path:
    """Train a model on the phantoms, once."""
    run, data = bench.out / f"run-{bench.images}-{size}", phantoms(bench).parent
    if not (run / "model.safetensors").exists():
        of_size = ("--set", f"preprocess.size={size}")
        cxrtune("cohort", "--data", data, "--out", run / "cohort.parquet")
        place = ("--cohort", run / "cohort.parquet")
        cxrtune("pack", *place, "--data", data, "--out", run / "pack", *of_size)
        short = ("--weights", "random", "--views", 1, "--set", "training.epochs=1")
        cxrtune("train", *place, "--pack", run / "pack", "--out", run, *short, *of_size)
    return run


def links(bench: Bench, size: int) -> Path:
    """Make an archive of so many names."""
    folder, files = fresh(bench.out / "archive"), sorted(phantoms(bench).iterdir())
    folder.mkdir()
    for number in range(size):
        (folder / f"{number:08}.png").symlink_to(files[number % len(files)].absolute())
    return folder


def resident_of(process: int) -> list[int]:
    """Return the bytes that a process and those below it hold, its own first."""
    try:
        main_process = psutil.Process(process)
        return [one.memory_info().rss for one in (main_process, *main_process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return [0]


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def command(run: Path, folder: Path, out: Path) -> list[str]:
    words = ["predict", run, folder, "--engine", "openvino", "--out", out, "--shard-size", 100, "--quiet"]
    return [sys.executable, "-m", "cxrtune", *map(str, words)]


def cxrtune(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "cxrtune", *map(str, words), "--quiet"], check=True)


if __name__ == "__main__":
    main()
