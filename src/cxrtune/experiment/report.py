"""Stage 6: everything before -> one page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxrtune.errors import DataError
from cxrtune.evaluation.folder import PREDICTIONS_OF, read_results
from cxrtune.images.preprocess import to_8_bit
from cxrtune.models.checkpoint import MODEL
from cxrtune.packs.dataset import Dataset
from cxrtune.progress import Reporter
from cxrtune.provenance import read_record, record_path
from cxrtune.report import DEFAULT_TITLE, write_report

_STAGES = ("cohort.parquet", "pack", "bank", MODEL)


def make_report(
    evaluation: Path,
    out: Path,
    *,
    run: Path | None,
    title: str = DEFAULT_TITLE,
    dataset: Dataset | None = None,
    reporter: Reporter,
) -> Path:
    """Write the page of an evaluation.

    Args:
        evaluation: The evaluation's folder.
        out: The report's folder.
        run: The run folder, for training curves and the records of the earlier stages; or None.
        title: The page's.
        dataset: The run folder's cohort and pack, where they are open already.
        reporter: Told of the page's path.

    Returns:
        The page.

    Raises:
        CxrtuneError: The evaluation is not what it should be, or the page cannot be written.
    """
    page = write_report(
        evaluation,
        out,
        run=run,
        provenances=_records(evaluation, run),
        pictures=_pictures(evaluation, run, dataset),
        title=title,
    )
    reporter.say(f"report: {page}")
    return page


def _pictures(evaluation: Path, run: Path | None, dataset: Dataset | None) -> dict[str, NDArray[np.uint8]]:
    """Return the radiographs of the examples, as far as the run folder's pack has them."""
    cohort_file = None if run is None else run / "cohort.parquet"
    if run is None or cohort_file is None or not cohort_file.is_file() or not (run / "pack").is_dir():
        return {}
    results = read_results(evaluation)
    opened = dataset or Dataset.open(cohort_file, run / "pack")
    rows = {image: row for row, image in enumerate(opened.cohort.images)}
    wanted = {example.image for example in results.examples if example.image in rows}
    return {image: to_8_bit(opened.pack.pixels[rows[image]]) for image in sorted(wanted)}


def _records(evaluation: Path, run: Path | None) -> list[Path]:
    """Return the records of the stages that this evaluation rests on, in their order."""
    last = record_path(evaluation)
    if not last.is_file():
        raise DataError(
            "there is no evaluation here",
            path=evaluation,
            remedy="Make one with: `cxrtune.experiment.evaluate cohort=FILE predictions=NAME=FILE out=DIR`",
        )
    stages = [] if run is None else [record_path(run / stage) for stage in _STAGES]
    inputs = read_record(last).inputs
    # A model may be judged on another cohort than its run's, or without a run: its record counts too.
    cohorts = [Path(source.path) for source in inputs if source.name == "cohort"]
    tables = [Path(source.path) for source in inputs if source.name.startswith(PREDICTIONS_OF)]
    records = [*stages, *(record_path(file) for file in (*cohorts, *tables)), last]
    found = {record.resolve(): record for record in records if record.is_file()}
    return list(found.values())
