"""Results of an evaluation in the Python API: tables, curves, sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cxrtune.api import frames
from cxrtune.api.paths import path_of
from cxrtune.api.roc_plot import drawn_curves, plot_curves
from cxrtune.errors import DataError, UsageError
from cxrtune.evaluation.curve_files import Curve, Curves, read_curves
from cxrtune.evaluation.folder import RESULTS, read_results
from cxrtune.evaluation.results import Interval, ModelResult, StoredResults
from cxrtune.evaluation.tables import (
    calibration_table,
    cohort_table,
    localization_table,
    operating_point_table,
    subgroup_table,
)
from cxrtune.notebook_html import card, paragraph, side_by_side, table
from cxrtune.report.judged import judged_line
from cxrtune.report.notation import score, span
from cxrtune.report.notes import caution_sentences, verdict
from cxrtune.shown import listed, quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MEAN = "On average over the findings"


class Results:
    """The numbers of one evaluation: of one or more models, all judged on the same images.

    Intervals are 95 % intervals, of patients and not of images; a value that is not defined is missing.

    Attributes:
        stored: The content of results.json.
        folder: The evaluation's folder; None where none was kept.
    """

    def __init__(self, stored: StoredResults, curves: Curves, folder: Path | None) -> None:
        """Hold the numbers of an evaluation; `load_results` and `evaluate` are the ways to get some.

        Args:
            stored: The content of results.json.
            curves: The ROC curves by model and finding.
            folder: The evaluation's folder, if there is one.
        """
        self.stored, self.folder = stored, folder
        self._curves = curves

    @property
    def findings(self) -> list[str]:
        """The findings that were judged."""
        return list(self.stored.findings)

    @property
    def models(self) -> list[str]:
        """The names of the models."""
        return [model.name for model in self.stored.models]

    @property
    def auroc(self) -> pd.DataFrame:
        """The areas under the ROC curves.

        One row per model and finding, and one per model whose finding is `macro`, the mean over the findings;
        columns `auroc`, `low`, `high` in [0, 1], then positive and negative images and patients.
        """
        return frames.auroc_frame(self.stored)

    @property
    def comparisons(self) -> pd.DataFrame:
        """The paired differences of AUROC.

        One row per pair of models and finding (`macro` is the mean): `difference` is `first` less `second`,
        with `low` and `high`; `p_holm` and the `verdict` are corrected for the number of tests, as are
        `corrected_low` and `corrected_high`.
        """
        return frames.comparison_frame(self.stored.comparisons)

    @property
    def classification(self) -> pd.DataFrame:
        """The decisions at each model's thresholds, one row per model and finding, with intervals."""
        return frames.classification_frame(self.stored)

    @property
    def averages(self) -> pd.DataFrame:
        """Precision, recall and F1, one row per model and average: micro, macro, weighted, samples."""
        return frames.average_frame(self.stored)

    @property
    def operating_points(self) -> pd.DataFrame:
        """Sensitivity and specificity by the rules that choose thresholds on validation images."""
        return frames.plain_columns(operating_point_table(self.stored))

    @property
    def calibration(self) -> pd.DataFrame:
        """How good scores and calibrated probabilities are as probabilities: Brier score, slope, error."""
        return frames.plain_columns(calibration_table(self.stored))

    @property
    def subgroups(self) -> pd.DataFrame:
        """Areas, sensitivity and specificity by sex, age and view, with the gaps to the largest group."""
        return frames.plain_columns(subgroup_table(self.stored))

    @property
    def localization(self) -> pd.DataFrame:
        """Heatmaps against boxes that radiologists drew; empty where there are none."""
        return frames.plain_columns(localization_table(self.stored))

    @property
    def cohort(self) -> pd.DataFrame:
        """Images, patients and positives of each part of the split."""
        return cohort_table(self.stored)

    @property
    def cautions(self) -> list[str]:
        """What makes these numbers less than they seem, a sentence each."""
        return list(caution_sentences(self.stored))

    @property
    def verdicts(self) -> list[str]:
        """What the paired tests say of each pair of models, on average over the findings."""
        return [verdict(pair, _MEAN, pair.macro) for pair in self.stored.comparisons]

    def roc_curve(self, finding: str, model: str | None = None) -> pd.DataFrame:
        """Return the points of one ROC curve.

        Args:
            finding: The finding.
            model: The model's name; None for the first.

        Returns:
            Columns `false_positive_rate` and `sensitivity`, both in [0, 1], ascending; no rows where the
            curve is not defined.

        Raises:
            UsageError: There is no such finding or model.
        """
        self._require_finding(finding)
        curve = self._curves.get(self._model(model).name, {}).get(finding)
        points = {} if curve is None else vars(curve)
        return pd.DataFrame(points, columns=["false_positive_rate", "sensitivity"])

    def plot_roc(
        self,
        finding: str | None = None,
        *,
        model: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw ROC curves: of all models on one finding, or of one model on all findings.

        Args:
            finding: Draws every model on this finding; None draws one model on every finding.
            model: The model's name; None for all models with a finding, and for the first without.
            ax: Where; None draws into new axes of pyplot, which a notebook shows.

        Returns:
            The axes.

        Raises:
            UsageError: There is no such finding or model.
        """
        if finding is None:
            chosen = self._model(model)
            return plot_curves(self._of_model(chosen), ax, chosen.title)
        self._require_finding(finding)
        names = self.models if model is None else [self._model(model).name]
        return plot_curves(self._of_finding(finding, names), ax, finding)

    def __repr__(self) -> str:
        areas = ", ".join(
            f"{model.name} {'undefined' if model.macro_auroc is None else score(model.macro_auroc)}"
            for model in self.stored.models
        )
        return f"Results(macro AUROC: {areas}; {judged_line(self.stored)})"

    def _repr_html_(self) -> str:
        header = ("finding", "positives", *self.models)
        rows = [
            (finding, f"{self.stored.models[0].findings[finding].support:,}", *self._areas(finding))
            for finding in self.findings
        ]
        means = [_area(model.macro_auroc, model.intervals.get("macro_auroc")) for model in self.stored.models]
        drawn = [drawn_curves(self._of_model(model), model.title) for model in self.stored.models]
        return card(
            f"AUROC (95 % interval), {judged_line(self.stored)}",
            table(header, [*rows, ("mean over findings", "", *means)]),
            *map(paragraph, self.verdicts),
            *(paragraph(f"Caution: {caution}") for caution in self.cautions),
            side_by_side(*drawn),
        )

    def _areas(self, finding: str) -> list[str]:
        found = [model.findings[finding] for model in self.stored.models]
        return [_area(one.auroc, one.intervals.get("auroc")) for one in found]

    def _of_model(self, model: ModelResult) -> dict[str, Curve]:
        curves = self._curves.get(model.name, {})
        return {
            f"{finding} ({score(area)})": curves[finding]
            for finding, found in model.findings.items()
            if finding in curves and (area := found.auroc) is not None
        }

    def _of_finding(self, finding: str, models: Sequence[str]) -> dict[str, Curve]:
        return {
            f"{model.name} ({score(area)})": self._curves[model.name][finding]
            for model in self.stored.models
            if model.name in models
            and finding in self._curves.get(model.name, {})
            and (area := model.findings[finding].auroc) is not None
        }

    def _model(self, name: str | None) -> ModelResult:
        found = frames.model_named(self.stored, name)
        if found is None:
            raise UsageError(
                f"there is no model {quoted(name)} in these results",
                remedy=f"Its models are {listed(self.models)}.",
            )
        return found

    def _require_finding(self, finding: str) -> None:
        if finding not in self.stored.findings:
            raise UsageError(
                f"{quoted(finding)} is not among the findings of these results",
                remedy=f"They are {listed(self.findings, 30)}.",
            )


def load_results(path: str | Path) -> Results:
    """Load the results of an evaluation.

    Args:
        path: A run folder, an evaluation's folder, or its results.json.

    Returns:
        The results.

    Raises:
        DataError: There are none, or they were written by another version.
        UsageError: The path is of another type.
    """
    folder = path_of(path, "path")
    if folder.name == RESULTS and not folder.is_dir():
        folder = folder.parent
    elif not (folder / RESULTS).is_file() and (folder / "evaluation").is_dir():
        folder = folder / "evaluation"
    if not folder.is_dir():
        raise DataError("there is no such folder", path=folder)
    return Results(read_results(folder), read_curves(folder), folder)


def _area(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "undefined"
    return score(value) + ("" if interval is None else f" ({span(interval)})")
