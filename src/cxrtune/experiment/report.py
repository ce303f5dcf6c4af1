"""Stage 6: make one page from the results of all earlier stages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxrtune.errors import DataError, UsageError
from cxrtune.evaluation.folder import PREDICTIONS_OF, read_results
from cxrtune.images.preprocess import to_8_bit
from cxrtune.models.description import MODEL
from cxrtune.packs.dataset import Dataset
from cxrtune.progress import Reporter
from cxrtune.provenance import Source, read_record, record_path
from cxrtune.report import DEFAULT_TITLE, write_report
from cxrtune.report.page import PAGE_FILE
from cxrtune.stage import stage
from cxrtune.training.metrics import METRICS

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
    """Write the report page of an evaluation.

    Args:
        evaluation: The folder of the evaluation.
        out: The folder of the report.
        run: The run folder, for training curves and the records of the earlier stages; or None.
        title: The title of the page.
        dataset: The cohort and pack of the run folder, if they are already open.
        reporter: Receives the path of the page.

    Returns:
        The path of the page.

    Raises:
        CxrtuneError: The evaluation is missing or invalid, or the page cannot be written.
    """
    if out.resolve() == evaluation.resolve():
        raise UsageError(
            "a report is a folder of its own, and this is the evaluation's",
            path=out,
            remedy="Choose another place with `out`.",
        )
    records = _records(evaluation, run)
    with stage(
        "report", out, _inputs(evaluation, run, records), {"title": title}, [], reporter, prepares=True
    ) as draft:
        if draft.current:
            return out / PAGE_FILE
        images = _images(evaluation, run, dataset)
        draft.start_writing()
        page = write_report(evaluation, out, run=run, provenances=records, images=images, title=title)
        published = (path for folder in ("figures", "tables") for path in sorted((out / folder).iterdir()))
        draft.made += [page.name, *(path.relative_to(out).as_posix() for path in published if path.is_file())]
        draft.counts = {"images": len(images)}
    reporter.say(f"report: {page}")
    return page


def _inputs(evaluation: Path, run: Path | None, records: list[Path]) -> list[Source]:
    """Return the inputs of a page: the files of an evaluation, records of the stages, training curves."""
    files = {
        path.name: path
        for path in evaluation.iterdir()
        if path.is_file() and not path.name.startswith(".")  # a lock
    }
    inputs = [Source.of_listing("evaluation", evaluation, files)]
    inputs += [Source.of_file("record", record) for record in records]
    curves = None if run is None else run / METRICS
    return inputs + ([Source.of_file("metrics", curves)] if curves is not None and curves.is_file() else [])


def _images(evaluation: Path, run: Path | None, dataset: Dataset | None) -> dict[str, NDArray[np.uint8]]:
    """Return the radiographs of the examples that are in the pack of the run folder."""
    cohort_file = None if run is None else run / "cohort.parquet"
    if run is None or cohort_file is None or not cohort_file.is_file() or not (run / "pack").is_dir():
        return {}
    results = read_results(evaluation)
    opened = dataset or Dataset.open(cohort_file, run / "pack")
    rows = {image: row for row, image in enumerate(opened.cohort.images)}
    wanted = {example.image for example in results.examples if example.image in rows}
    return {image: to_8_bit(opened.pack.pixels[rows[image]]) for image in sorted(wanted)}


def _records(evaluation: Path, run: Path | None) -> list[Path]:
    """Return the records of the stages that this evaluation is based on, in order."""
    last = record_path(evaluation)
    if not last.is_file():
        raise DataError(
            "there is no evaluation here",
            path=evaluation,
            remedy="Make one with: `cxrtune.experiment.evaluate cohort=FILE predictions=NAME=FILE out=DIR`",
        )
    stages = [] if run is None else [record_path(run / stage) for stage in _STAGES]
    inputs = read_record(last).inputs
    # A model may be evaluated on a cohort other than that of its run, or without a run: add its record too.
    cohorts = [Path(source.path) for source in inputs if source.name == "cohort"]
    tables = [Path(source.path) for source in inputs if source.name.startswith(PREDICTIONS_OF)]
    records = [*stages, *(record_path(file) for file in (*cohorts, *tables)), last]
    found = {record.resolve(): record for record in records if record.is_file()}
    return list(found.values())
