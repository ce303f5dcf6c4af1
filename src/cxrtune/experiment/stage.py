"""What all stages share: an unchanged stage is skipped and says so; what is left out is told again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxrtune.progress import Reporter
from cxrtune.provenance import Source, is_current, key_of, read_record, record_path


def skip_if_current(
    stage: str, output: Path, inputs: Sequence[Source], settings: Mapping[str, Any], reporter: Reporter
) -> bool:
    """Return whether a stage's output is already there, made from these inputs with these settings."""
    current = is_current(output, key_of(inputs, settings))
    if current:
        reporter.say(f"{stage}: inputs and settings are unchanged, {output} is kept")
    return current


def left_out(cohort_file: Path) -> str:
    """Return, for a stage's line, how many images of the table are not in the cohort for want of a file."""
    record = record_path(cohort_file)
    absent = read_record(record).counts.get("not_on_disk", 0) if record.is_file() else 0
    return f" ({absent:,} images of the table are not on disk)" if absent else ""
