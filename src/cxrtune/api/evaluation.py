"""Evaluation of models on the same images of a cohort: tables of predictions -> `Results`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cxrtune.api.cohort import Cohort
from cxrtune.api.given_cohort import require_cohort, table_file
from cxrtune.api.paths import path_of
from cxrtune.api.prediction_table import PredictionTable
from cxrtune.api.reporter import reporter
from cxrtune.api.results import Results, load_results
from cxrtune.api.run import Run
from cxrtune.cohort.table import SPLITS
from cxrtune.errors import CxrtuneError, UsageError
from cxrtune.evaluation.settings import ALL, EvaluationSettings, Plan
from cxrtune.evaluation.statistics.bootstrap import DEFAULT_REPLICATES
from cxrtune.experiment.evaluate import Request, evaluate_predictions
from cxrtune.shown import listed, quoted, short

if TYPE_CHECKING:
    Scores = Run | PredictionTable | str | Path | pd.DataFrame

_EXAMPLE = 'Write it like: evaluate(cohort, {"ours": run.predictions, "theirs": "theirs.csv"}).'


def evaluate(
    cohort: Cohort,
    predictions: Mapping[str, Scores],
    *,
    out: str | Path | None = None,
    split: str = "test",
    replicates: int = DEFAULT_REPLICATES,
    seed: int = 0,
    thresholds: Mapping[str, float | str | Path] | None = None,
    prevalence: Mapping[str, float] | None = None,
    primary: str | None = None,
    margin: float | None = None,
    image_column: str = "",
    verbose: bool = False,
) -> Results:
    """Judge one or more models on the images of a cohort that all of them scored.

    Args:
        cohort: The labels, the patients and the split.
        predictions: By the name of a model, its scores in [0, 1]: a run, a table of predictions, a Parquet,
            CSV or JSON-lines file, or a data frame, with a column of image names and a column per finding.
        out: A folder for results.json, tables and figures; None keeps none.
        split: `test`, `validation`, `train` or `all`.
        replicates: How many times patients are drawn for intervals.
        seed: Decides which.
        thresholds: By model, a threshold in [0, 1] for all findings, or a file with one for each; they
            replace the thresholds that the model brings or that validation images choose.
        prevalence: By finding, a prevalence in (0, 1) that predictive values are also stated for.
        primary: The primary endpoint, a finding or `macro`: its test is not corrected for the others.
        margin: By how much AUROC a model may be worse and still count as not inferior, in (0, 1).
        image_column: The column with the images' names, where it is not found by itself.
        verbose: Report what was evaluated.

    Returns:
        The results; those of `out` where it is current.

    Raises:
        UsageError: An argument is of a wrong type, or names no model or finding that is here.
        DataError: A table is not what it should be, or scores none of the images.
    """
    require_cohort(cohort)
    given: object = predictions  # untyped callers may pass anything
    if not isinstance(given, Mapping) or not given:
        raise UsageError("`predictions` names no model", remedy=_EXAMPLE)
    if split not in (*SPLITS, ALL):
        raise UsageError(
            f"there is no split {quoted(split)}", remedy=f"Choose one of {listed((*SPLITS, ALL))}."
        )
    request = Request(
        EvaluationSettings(split, replicates, seed, dict(prevalence or {}), Plan(primary, margin)),
        image_columns={"": image_column} if image_column else {},
        thresholds={
            name: Path(given) if isinstance(given, str | Path) else float(given)
            for name, given in (thresholds or {}).items()
        },
    )
    kept: AbstractContextManager[str | Path]
    kept = tempfile.TemporaryDirectory() if out is None else nullcontext(path_of(out, "out"))
    with kept as folder, tempfile.TemporaryDirectory() as place:
        files = {str(name): _file(str(name), of, Path(place)) for name, of in predictions.items()}
        told = reporter(verbose=verbose)
        try:
            evaluate_predictions(table_file(cohort), files, Path(folder), request, told)
        except CxrtuneError as error:
            _name_frame(error, predictions, Path(place))
            raise
        results = load_results(folder)
    return results if out is not None else Results(results.stored, results._curves, None)


def _file(name: str, scores: Scores, place: Path) -> Path:
    """Return the file of a model's scores; a data frame is written to a file."""
    if isinstance(scores, Run):
        return scores.predictions.path
    if isinstance(scores, PredictionTable):
        return scores.path
    if isinstance(scores, str | Path):
        return Path(scores)
    if not isinstance(scores, pd.DataFrame):
        raise UsageError(
            f"the predictions of {short(name)} are an object of type {type(scores).__name__}", remedy=_EXAMPLE
        )
    path = place / f"{len(list(place.iterdir()))}.parquet"
    frame = scores if isinstance(scores.index, pd.RangeIndex) else scores.reset_index()
    try:
        frame.to_parquet(path, index=False)
    except (ValueError, TypeError, OSError) as error:  # pyarrow's errors are of these kinds
        raise UsageError(
            f"the data frame of {short(name)} cannot be read as a table: {str(error).splitlines()[0]}",
            remedy="Give it a column with the images' names and a column of numbers per finding.",
        ) from error
    return path


def _name_frame(error: CxrtuneError, predictions: Mapping[str, Scores], place: Path) -> None:
    """Name the data frame in an error, instead of the temporary file that it was written to."""
    if error.path is None or error.path.parent != place:
        return
    frames = [name for name, scores in predictions.items() if isinstance(scores, pd.DataFrame)]
    error.message = f"the data frame of {short(frames[int(error.path.stem)])} {error.message}"
    error.path = None
