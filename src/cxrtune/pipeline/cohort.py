"""Stage 1: data folder -> cohort.parquet."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from cxrtune.cohort.build import build_nih_cohort, inputs_of_nih
from cxrtune.cohort.folder import image_files
from cxrtune.cohort.protocol import protocol_named
from cxrtune.cohort.table import SPLITS
from cxrtune.errors import UsageError
from cxrtune.pipeline.stage import skip_if_current
from cxrtune.progress import Reporter
from cxrtune.provenance import Source, recording


def make_cohort(
    data: Path, out: Path, *, protocol: str, seed: int, metadata_only: bool, reporter: Reporter
) -> Path:
    """Make the cohort table of an NIH folder.

    Args:
        data: The data folder.
        out: The Parquet file.
        protocol: `nih8` or `nih14`.
        seed: Chooses the validation patients.
        metadata_only: Take every image of the table, on disk or not.
        reporter: Told of the counts.

    Returns:
        `out`.

    Raises:
        UsageError: There is no such protocol, or `out` is no name of a Parquet file.
        CxrtuneError: The folder is not what it should be, or the table cannot be written.
    """
    chosen = protocol_named(protocol)
    if out.suffix != ".parquet":
        raise UsageError("a cohort is written as .parquet", path=out, remedy="Name it like: cohort.parquet")
    inputs = [Source.of_file(path.name, path) for path in inputs_of_nih(data)]
    if not metadata_only:
        inputs.append(Source.of_listing("images", data, image_files(data)))
    settings = {"protocol": protocol, "seed": seed, "metadata_only": metadata_only}
    if skip_if_current("cohort", out, inputs, settings, reporter):
        return out
    with recording("cohort", out, inputs, settings, [out.name]) as draft:
        cohort, flow = build_nih_cohort(data, chosen, seed=seed, metadata_only=metadata_only)
        cohort.write(out)
        draft.counts = asdict(flow) | {split: len(cohort.rows(split)) for split in SPLITS}
        draft.counts["patients"] = len(set(cohort.patients))
        if flow.not_on_disk:
            draft.notes.append(f"{flow.not_on_disk:,} images of the table are not on disk and were left out")
        if flow.not_in_table:
            draft.notes.append(f"{flow.not_in_table:,} images on disk are not in the table and were not used")
    reporter.say(f"cohort: {flow.sentence()}")
    parts = ", ".join(f"{split} {len(cohort.rows(split)):,}" for split in SPLITS)
    reporter.say(f"cohort: {parts}; {draft.counts['patients']:,} patients; {len(cohort.findings)} findings")
    return out
