"""Stage 2: make a pack from a cohort and its images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cxrtune.cohort.folder import locate_images
from cxrtune.cohort.table import CohortTable, read_cohort
from cxrtune.errors import DataError
from cxrtune.images.dicom import Allowance
from cxrtune.packs.build import build_pack
from cxrtune.packs.dataset import left_out
from cxrtune.packs.pack import PIXELS, UNREADABLE, names_hash
from cxrtune.progress import FileNotes, Reporter
from cxrtune.provenance import Source
from cxrtune.recipe import PreprocessSpec
from cxrtune.stage import stage

_SHOWN = 5


def make_pack(
    cohort_file: Path,
    data: Path,
    out: Path,
    *,
    preprocess: PreprocessSpec,
    workers: int,
    max_unreadable: float,
    allow: Sequence[Allowance] = (),
    cohort: CohortTable | None = None,
    reporter: Reporter,
) -> Path:
    """Decode the images of a cohort once.

    Args:
        cohort_file: The cohort.
        data: The folder with the images.
        out: The folder of the pack.
        preprocess: How radiographs are resized.
        workers: Number of decoding processes.
        max_unreadable: Largest accepted proportion of unreadable images, in [0, 1].
        allow: Kinds of DICOM files to accept although they cannot be frontal chest radiographs.
        cohort: The content of the cohort file, if it has already been read.
        reporter: Receives the progress and every unreadable image.

    Returns:
        `out`.

    Raises:
        CxrtuneError: There is no image, too many are unreadable or missing, or the pack cannot be written.
    """
    cohort = read_cohort(cohort_file) if cohort is None else cohort
    files = _files(data, cohort)
    inputs = [Source.of_file("cohort", cohort_file), Source.of_listing("images", data, files)]
    settings = {
        "preprocess": preprocess.model_dump(mode="json"),
        "max_unreadable": max_unreadable,
        "allow": list(allow),
    }
    with stage("pack", out, inputs, settings, [PIXELS, UNREADABLE], reporter) as draft:
        if draft.current:
            return out
        notes = FileNotes("pack", reporter)
        with reporter.task("Packing", len(cohort)) as task:
            unreadable = build_pack(
                files,
                preprocess,
                out,
                workers=workers,
                max_unreadable=max_unreadable,
                allow=frozenset(allow),
                progress=task.advance,
                note=notes.note,
                warn=notes.warn,
            )
        notes.tell_rest()
        draft.counts = {
            "images": len(cohort),
            "unreadable": len(unreadable),
            "images_sha256": names_hash(cohort.images),
        }
        draft.notes += [f"{entry.image} is unreadable and left out: {entry.reason}" for entry in unreadable]
    decoded = f"{len(cohort) - len(unreadable):,} of {len(cohort):,} images decoded to {preprocess.size} px"
    reporter.say(f"pack: {decoded}{left_out(cohort_file)}")
    for entry in unreadable[:_SHOWN]:
        reporter.warn(f"pack: {entry.image} is left out: {entry.reason}")
    if len(unreadable) > _SHOWN:
        reporter.warn(
            f"pack: {len(unreadable) - _SHOWN:,} more are left out; all stand in {out / UNREADABLE}"
        )
    return out


def _files(data: Path, cohort: CohortTable) -> dict[str, Path]:
    """Find the images of the cohort; a missing one keeps its path and will be listed as unreadable."""
    files = locate_images(data, cohort.images)
    if not any(path.is_file() for path in files.values()):
        raise DataError(
            f"none of the cohort's {len(cohort):,} images is here, {cohort.images[0]} for one",
            path=data,
            remedy="Name the folder that the cohort was made from with `data`.",
        )
    return files
