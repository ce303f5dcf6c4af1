"""Stage 6: everything before -> one page."""

from __future__ import annotations

from pathlib import Path

from cxrtune.models.checkpoint import MODEL
from cxrtune.progress import Reporter
from cxrtune.provenance import record_path
from cxrtune.report import write_report

_STAGES = ("cohort.parquet", "pack", "bank", MODEL)


def make_report(evaluation: Path, out: Path, *, run: Path | None, reporter: Reporter) -> Path:
    """Write the page of an evaluation.

    Args:
        evaluation: The evaluation's folder.
        out: The report's folder.
        run: The run folder, for training curves and the records of the earlier stages; or None.
        reporter: Told of the page's path.

    Returns:
        The page.

    Raises:
        CxrtuneError: The evaluation is not what it should be, or the page cannot be written.
    """
    page = write_report(evaluation, out, run=run, provenances=_records(evaluation, run))
    reporter.say(f"report: {page}")
    return page


def _records(evaluation: Path, run: Path | None) -> list[Path]:
    records = []
    if run is not None:
        records += [record_path(run / stage) for stage in _STAGES]
        records += sorted((run / "predictions").glob("*.provenance.json"))
    records.append(record_path(evaluation))
    return [record for record in records if record.is_file()]
