"""Comparison of models from arrays: labels and scores -> AUROC, differences and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cxrtune.api import frames
from cxrtune.api.array_input import labels_of, patients_of, scores_of
from cxrtune.api.roc_plot import drawn_curves, plot_curves
from cxrtune.errors import UsageError
from cxrtune.evaluation.arrays import ArrayAreas, areas_of_arrays
from cxrtune.evaluation.curve_files import Curve
from cxrtune.evaluation.results import AreaResult
from cxrtune.evaluation.settings import MACRO
from cxrtune.notebook_html import card, paragraph, table
from cxrtune.report.notation import score, span
from cxrtune.report.notes import verdict
from cxrtune.shown import listed, quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Missing = Literal["raise", "drop"]


class AurocComparison:
    """Areas under the ROC curves of several models on the same images, and their paired differences.

    Attributes:
        findings: The names of the findings.
        models: The names of the models.
        images: How many images there are.
        patients: How many patients.
    """

    def __init__(self, areas: ArrayAreas, findings: Sequence[str], images: int) -> None:
        """Hold what `compare` found.

        Args:
            areas: What labels and scores come to.
            findings: The names of the findings.
            images: How many there are.
        """
        self._areas = areas
        self.findings, self.models = list(findings), list(areas.macro)
        self.images, self.patients = images, areas.patients

    @property
    def auroc(self) -> pd.DataFrame:
        """The areas under the ROC curves.

        One row per model and finding, and with several findings one per model whose finding is `macro`, the
        mean; columns `auroc`, `low`, `high` (95 % interval) in [0, 1], `positives`, `negatives`.
        """
        return self._several(frames.areas_frame(self._areas.findings, self._areas.macro))

    @property
    def differences(self) -> pd.DataFrame:
        """The paired differences of AUROC.

        One row per pair of models and finding: `difference` is `first` less `second`, with `low` and `high`;
        `p_patients` swaps the models within patients, `p_holm` is corrected for the number of tests and
        decides the `verdict`.
        """
        frame = frames.comparison_frame(self._areas.comparisons)
        return frame if frame.empty else self._several(frame)

    @property
    def verdicts(self) -> list[str]:
        """What the tests say of each pair of models, a sentence each."""
        if len(self.findings) > 1:
            return [
                verdict(pair, "On average over the findings", pair.macro) for pair in self._areas.comparisons
            ]
        (only,) = self.findings
        return [verdict(pair, only, pair.findings[only]) for pair in self._areas.comparisons]

    def plot_roc(self, finding: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw the ROC curves of all models on one finding.

        Args:
            finding: The finding; None for the first.
            ax: Where; None draws into new axes of pyplot, which a notebook shows.

        Returns:
            The axes.

        Raises:
            UsageError: There is no such finding.
        """
        chosen = self.findings[0] if finding is None else finding
        return plot_curves(self._curves(chosen), ax, chosen)

    def __repr__(self) -> str:
        areas = ", ".join(f"{name} {_text(mean)}" for name, mean in self._shown().items())
        return (
            f"AurocComparison(AUROC: {areas}; {self.images:,} images of {self.patients:,} patients,"
            f" {len(self.findings)} {'finding' if len(self.findings) == 1 else 'findings'})"
        )

    def _repr_html_(self) -> str:
        rows = [
            (finding, *(_text(self._areas.findings[model][finding], whole=True) for model in self.models))
            for finding in self.findings
        ]
        if len(self.findings) > 1:
            rows.append(("mean", *(_text(self._areas.macro[model], whole=True) for model in self.models)))
        return card(
            f"AUROC (95 % interval), {self.images:,} images of {self.patients:,} patients",
            table(("finding", *self.models), rows),
            *map(paragraph, self.verdicts),
            drawn_curves(self._curves(self.findings[0]), self.findings[0]),
        )

    def _shown(self) -> dict[str, AreaResult]:
        if len(self.findings) > 1:
            return self._areas.macro
        return {model: of[self.findings[0]] for model, of in self._areas.findings.items()}

    def _several(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Omit the mean if there is only one finding, since it equals that finding."""
        return frame if len(self.findings) > 1 else frame[frame["finding"] != MACRO].reset_index(drop=True)

    def _curves(self, finding: str) -> dict[str, Curve]:
        if finding not in self.findings:
            raise UsageError(
                f"{quoted(finding)} is not among the findings that were compared",
                remedy=f"They are {listed(self.findings, 30)}.",
            )
        return {
            f"{model} ({_text(self._areas.findings[model][finding])})": Curve(
                curve.false_positive_rate, curve.sensitivity
            )
            for model in self.models
            if (curve := self._areas.curves.get((model, finding))) is not None
        }


def compare(
    y_true: ArrayLike | pd.Series[Any] | pd.DataFrame,
    scores: Mapping[str, ArrayLike | pd.Series[Any] | pd.DataFrame],
    *,
    groups: ArrayLike | pd.Series[Any] | None = None,
    findings: Sequence[str] | None = None,
    missing: Missing = "raise",
    seed: int = 0,
) -> AurocComparison:
    """Compare models by their scores on the same images: AUROC, paired differences, intervals.

    Needs no cohort, no files and no thresholds. Intervals and tests are those of `evaluate`: they take the
    patient as the unit, and hold with few patients.

    Args:
        y_true: (N,) or (N, F), labels: 1 with the finding, 0 without.
        scores: By the name of a model, (N,) or (N, F), shaped as `y_true`: any score that is higher for a
            positive image. It need not be a probability.
        groups: (N,), the patient of each image; None treats each image as a separate patient, which makes
            intervals too short if patients have several.
        findings: The F names; None for the columns of a data frame, otherwise `finding 1` and so on.
        missing: `raise` refuses missing labels and scores; `drop` leaves an image out of a finding of which
            its label, or any model's score, is missing.
        seed: Decides which patients are swapped in the tests.

    Returns:
        Areas and differences, as data frames and inline in a notebook.

    Raises:
        UsageError: A type, a shape, a label or a score cannot be meant, or patients are missing.
    """
    if missing not in ("raise", "drop"):
        raise UsageError(f"missing is {quoted(missing)}", remedy="Choose 'raise' or 'drop'.")
    labels, names, index = labels_of(y_true, findings)
    given = scores_of(scores, labels.shape, names, index)
    if missing == "raise":
        _refuse_missing(labels, given)
    patients = patients_of(groups, len(labels), index)
    areas = areas_of_arrays(labels, given, patients, names, seed=seed)
    return AurocComparison(areas, names, len(labels))


def _refuse_missing(labels: NDArray[np.float32], scores: Mapping[str, NDArray[np.floating]]) -> None:
    remedy = "Fill them in, or leave these images out of the finding with missing='drop'."
    for what, values in {
        "y_true": labels,
        **{f"the scores of {quoted(n)}": v for n, v in scores.items()},
    }.items():
        rows = np.flatnonzero(np.isnan(values).any(axis=1))
        if len(rows):
            raise UsageError(f"{what} has no value in {len(rows):,} rows, row {rows[0]} first", remedy=remedy)


def _text(area: AreaResult, *, whole: bool = False) -> str:
    if area.auroc is None:
        return "undefined"
    interval = area.intervals.get("auroc") if whole else None
    return score(area.auroc) + ("" if interval is None else f" ({span(interval)})")
