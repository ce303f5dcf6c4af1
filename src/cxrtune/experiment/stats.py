"""Evaluate one table with labels and scores: no images, no map and no split; all rows are used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cxrtune.evaluation.evaluate import Supplements, evaluate
from cxrtune.evaluation.folder import RESULTS
from cxrtune.evaluation.results import Origin, StoredResults
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.experiment.evaluate import notes_on, write_folder
from cxrtune.experiment.evaluation_inputs import (
    Given,
    read_given,
    require_models_of,
    require_names,
    threshold_sources,
)
from cxrtune.experiment.one_table import read_one_table
from cxrtune.experiment.report import make_report
from cxrtune.experiment.table_columns import TableColumns
from cxrtune.progress import Reporter
from cxrtune.provenance import Source
from cxrtune.report.judged import judged
from cxrtune.stage import stage

_INDEPENDENT = (
    "each row is taken for one of a patient of its own: where patients have several rows, all intervals are"
    " too short"
)


@dataclass(frozen=True)
class StatsRequest:
    """The columns and settings for evaluating a table.

    Attributes:
        columns: The columns of the table.
        settings: The settings of the evaluation; every row is used, so there is only one split.
        thresholds: By model, a number in [0, 1] for all findings, or a file with one threshold per finding.
    """

    columns: TableColumns
    settings: EvaluationSettings = field(default_factory=EvaluationSettings)
    thresholds: Mapping[str, Given] = field(default_factory=dict)


@dataclass(frozen=True)
class JudgedTable:
    """The path of the report page, and the results in it."""

    report: Path
    results: StoredResults


def judge_table(table: Path, request: StatsRequest, out: Path, reporter: Reporter) -> JudgedTable:
    """Evaluate models from one table with labels and scores.

    Args:
        table: A Parquet, CSV or JSON-lines file with one row per image.
        request: The columns and settings.
        out: A folder; `evaluation` and `report` are written into it.
        reporter: Receives notes on values that are converted, on rows and findings that are not evaluated,
            and on probable mistakes.

    Raises:
        UsageError: The request is not valid.
        CxrtuneError: The table is not valid, or the results cannot be written.
    """
    columns = request.columns
    require_names(columns.scores, "`scores` ours=score")
    request.settings.check(tuple(columns.labels))
    require_models_of({"thresholds": request.thresholds}, columns.scores)
    inputs = [Source.of_file("table", table), *threshold_sources(request.thresholds)]
    settings = request.settings.recorded() | {
        "columns": asdict(columns),
        "thresholds": {name: str(given) for name, given in request.thresholds.items()},
    }
    folder = out / "evaluation"
    with stage("stats", folder, inputs, settings, [], reporter, prepares=True) as draft:
        if not draft.current:
            told: list[str] = [] if columns.patient is not None else [_INDEPENDENT]
            read = read_one_table(table, columns, told.append)
            evaluation = evaluate(
                read.cohort,
                read.predictions,
                request.settings,
                Supplements(
                    origin=Origin(patients="each image" if columns.patient is None else "given"),
                    thresholds=read_given(request.thresholds, read.cohort.findings, told.append),
                ),
            )
            told += notes_on(evaluation.results, read.predictions, read.cohort)
            write_folder("stats", evaluation, draft, told, reporter)
            reporter.say(f"stats: every row of {table.name} is judged: {judged(evaluation.results)}")
    results = StoredResults.read(folder / RESULTS)
    return JudgedTable(make_report(folder, out / "report", run=None, reporter=reporter), results)
