"""Run numeric tests as several processors would: `make test-cpus`, or `CPUS=few` for a sample.

Libraries choose their kernels by the processor, and a float depends on the order in which it was added up. A
result that only holds on one processor is a fault, of the program or of the test's bound. Each setting has
processes of its own, and makes the libraries choose as if the processor were another one.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
FEW = (
    "tests/models/test_gate.py",
    "tests/models/test_dense_block.py",
    "tests/models/test_densenet.py",
    "tests/evaluation/test_statistics.py",
    "tests/evaluation/test_thresholds.py",
    "tests/evaluation/test_calibration.py",
    "tests/training/test_loss.py",
    "tests/training/test_fit.py::test_features_and_pixels_give_the_same_loss_curve_when_nothing_is_augmented",
    "tests/baselines/test_probe.py",
    "tests/engines/test_engines.py::test_outputs_come_one_an_image_and_in_order",
)
"""The sample's tests; it takes the two settings that are farthest from each other."""


def environment(aten: str, onednn: str, openblas: str, mkl: str, without: tuple[str, ...]) -> dict[str, str]:
    """Return what PyTorch, oneDNN in PyTorch and OpenVINO, NumPy's OpenBLAS, MKL and NumPy read."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return {
        "ATEN_CPU_CAPABILITY": aten,
        "ONEDNN_MAX_CPU_ISA": onednn,
        "OPENBLAS_CORETYPE": openblas,
        "MKL_ENABLE_INSTRUCTIONS": mkl,
        "NPY_DISABLE_CPU_FEATURES": " ".join(name for name in found if name.startswith(without)),
    }


SSE = environment("default", "SSE41", "Nehalem", "SSE4_2", ("X86_V3", "X86_V4", "AVX"))
AVX2 = environment("avx2", "AVX2", "Haswell", "AVX2", ("X86_V4", "AVX512"))
AVX512 = environment("avx512", "AVX512_CORE", "SkylakeX", "AVX512", ("AVX512_SPR",))

# By name: what is set, how many threads, and what the processor must have: PyTorch does not ask before it
# uses what it is told to use.
SETTINGS: dict[str, tuple[dict[str, str], int, str]] = {
    "this processor": ({}, 1, "DEFAULT"),
    "this processor, two threads": ({}, 2, "DEFAULT"),
    "SSE": (SSE, 1, "x86"),
    "SSE, two threads": (SSE, 2, "x86"),
    "AVX2": (AVX2, 1, "AVX2"),
    "AVX2 of Zen, two threads": (AVX2 | {"OPENBLAS_CORETYPE": "Zen"}, 2, "AVX2"),
    "AVX-512": (AVX512, 1, "AVX512"),
    "AVX-512, two threads": (AVX512, 2, "AVX512"),
}
SAMPLE = ("SSE", "AVX2 of Zen, two threads")


def available() -> set[str]:
    """Return the instruction sets that this processor has, as PyTorch calls them."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return {"DEFAULT"}
    sets = ["DEFAULT", "AVX2", "AVX512"]
    return {"x86", *sets[: sets.index(torch.backends.cpu.get_cpu_capability()) + 1]}


def main(wanted: str) -> int:
    """Run the tests under each setting; return how many settings failed."""
    has, failed = available(), []
    tests = FEW if wanted == "few" else ("-m", "numeric and not long and not nightly")
    for name in SAMPLE if wanted == "few" else SETTINGS:
        variables, threads, needs = SETTINGS[name]
        if needs not in has:
            print(f"{name}: left out, this processor has no {needs}", flush=True)
            continue
        workers = max(1, min(4, (os.cpu_count() or 1) // threads))
        command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--dist", "loadfile", *tests]
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=Path(__file__).parent.parent,
            env=os.environ | variables | dict.fromkeys(THREADS, str(threads)),
            check=False,
        )
        said = "FAILED" if done.returncode else "passed"
        print(f"{name}: {said} in {time.monotonic() - started:.0f} s", flush=True)
        if done.returncode:
            failed.append(name)
    if failed:
        print(f"failed under: {'; '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
