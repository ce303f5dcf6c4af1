"""Runs the numeric tests under several instruction sets and numbers of threads: `make test-cpus`.

A result that only holds on one processor is a fault, of the program or of the test's bound. The libraries
choose their kernels when they are imported, so each setting has a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

# What each setting changes: PyTorch's own kernels, oneDNN's, NumPy's and SciPy's OpenBLAS, and threads. A
# processor that lacks an instruction set takes the next lower one.
ALL: dict[str, dict[str, str]] = {
    "as it is": {},
    "no vector instructions": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "AVX2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Zen",
    },
    "AVX-512": {
        "ATEN_CPU_CAPABILITY": "avx512",
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
        "OPENBLAS_CORETYPE": "SkylakeX",
    },
    "two threads": {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
    "AVX2, two threads": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
    },
}
FEW = ("no vector instructions", "AVX2, two threads")
"""A sample: the two that are farthest from each other, without what trains."""


def main(wanted: str) -> int:
    """Run the tests under each setting; return how many settings failed."""
    failed = []
    every = wanted == "all"
    marks = "numeric and not long and not nightly" + ("" if every else " and not system")
    for name in ALL if every else FEW:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-m", marks, *WORKERS],
            env=os.environ | ALL[name],
            check=False,
        )
        print(
            f"{name}: {'passed' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s"
        )
        if done.returncode:
            failed.append(name)
    if failed:
        print(f"failed under: {', '.join(failed)}")
    return len(failed)


WORKERS = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile")

if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
