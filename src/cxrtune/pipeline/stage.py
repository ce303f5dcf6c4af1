"""What all stages share: an unchanged stage is skipped, and says so."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxrtune.progress import Reporter
from cxrtune.provenance import Source, is_current, key_of


def skip_if_current(
    stage: str, output: Path, inputs: Sequence[Source], settings: Mapping[str, Any], reporter: Reporter
) -> bool:
    """Return whether a stage's output is already there, made from these inputs with these settings."""
    current = is_current(output, key_of(inputs, settings))
    if current:
        reporter.say(f"{stage}: inputs and settings are unchanged, {output} is kept")
    return current


def default_workers() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
