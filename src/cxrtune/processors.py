"""Number of processors that this process may use: at most those of the machine, often fewer."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
_CPU_MAX = "cpu.max"


def processor_count(cpu_max: Iterable[Path] | None = None) -> int:
    """Return how many processors this process may use, at least 1.

    That is the smaller of its affinity (`taskset`, Slurm, `--cpuset-cpus`) and the processor time that its
    cgroups of version 2 grant it (`--cpus` of Docker, `limits.cpu` of Kubernetes, `CPUQuota` of systemd),
    rounded up. Cgroups of version 1 are ignored.

    Args:
        cpu_max: `cpu.max` files of cgroups; otherwise those of this process and of the cgroups around it.
    """
    files = _own_cpu_max_files() if cpu_max is None else cpu_max
    granted = [count for file in files if (count := _granted_by(file)) is not None]
    return max(1, min([_affinity(), *granted]))


def _affinity() -> int:
    # Available on Linux only; macOS and Windows have no affinity that is inherited from a scheduler.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _own_cpu_max_files() -> list[Path]:
    try:
        lines = _OWN_CGROUP.read_text().splitlines()
    except OSError:  # not Linux
        return []
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if own is None:
        return []
    # A limit of a cgroup applies to all cgroups below it.
    around = (_CGROUPS / own, *(_CGROUPS / own).parents)
    return [folder / _CPU_MAX for folder in around if folder.is_relative_to(_CGROUPS)]


def _granted_by(cpu_max: Path) -> int | None:
    """Return the processors of a `cpu.max` file, `QUOTA PERIOD` in microseconds; None without a limit."""
    try:
        quota, period = cpu_max.read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # the root has no such file; `max` is not a number
        return None
