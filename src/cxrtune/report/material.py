"""All data that the sections of the page may use, collected before the first section is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from cxrtune.evaluation.curve_files import read_net_benefit, read_panels
from cxrtune.evaluation.folder import read_results
from cxrtune.evaluation.results import ModelResult, SplitCount, StoredResults
from cxrtune.findings import spoken
from cxrtune.provenance import Record, read_record
from cxrtune.report.figures import auroc, localization, roc, training
from cxrtune.report.figures.inline import inline_svg
from cxrtune.report.figures.panels import (
    draw_net_benefit,
    draw_recall_panels,
    draw_reliability,
    draw_roc_panels,
)
from cxrtune.report.figures.training import History, read_history
from cxrtune.report.notation import counted, score


@dataclass(frozen=True)
class Figures:
    """The figures as markup, `roc` by model, `differences` by pair; None for figures without data."""

    auroc: Markup
    roc: dict[str, Markup]
    training: Markup | None
    roc_panels: Markup | None
    recall_panels: Markup | None
    reliability: Markup | None
    localization: Markup | None
    net_benefit: Markup | None = None
    differences: tuple[Markup, ...] = ()
    flow: Markup | None = None


@dataclass(frozen=True)
class Material:
    """Input data of the report."""

    title: str
    results: StoredResults
    history: History | None
    records: tuple[Record, ...]
    figures: Figures
    images: Mapping[str, NDArray[np.uint8]]

    def part(self, split: str) -> SplitCount | None:
        """Return the counts of one part of the cohort, if the cohort has it."""
        return next((part for part in self.results.cohort if part.split == split), None)


def gather(
    evaluation: Path,
    figure_folder: Path,
    *,
    run: Path | None,
    provenances: Sequence[Path],
    images: Mapping[str, NDArray[np.uint8]],
    title: str,
) -> Material:
    """Read all inputs, and draw the figures to a new folder.

    Raises:
        DataError: An input is missing or not valid.
    """
    figure_folder.mkdir()
    results = read_results(evaluation)
    history = None if run is None else read_history(run)
    return Material(
        title=title,
        results=results,
        history=history,
        records=tuple(read_record(path) for path in provenances),
        figures=_figures(results, evaluation, history, figure_folder),
        images=images,
    )


def _figures(results: StoredResults, evaluation: Path, history: History | None, folder: Path) -> Figures:
    panels = read_panels(evaluation)
    names = ", ".join(model.name for model in results.models)
    return Figures(
        auroc=_shown(
            auroc.draw_auroc(results, folder),
            f"AUROC by finding of {names}; the numbers are in table 1.",
        ),
        roc=_roc_figures(results, evaluation, folder),
        training=None if history is None else _training_figure(results, history, folder),
        roc_panels=_panels("ROC", draw_roc_panels(results, panels, folder)) if panels else None,
        recall_panels=_panels("Precision-recall", draw_recall_panels(results, panels, folder))
        if panels
        else None,
        reliability=_reliability(results, folder),
        localization=_localization_figure(results, folder),
        net_benefit=_net_benefit_figure(results, evaluation, folder),
        differences=_difference_figures(results, folder),
    )


def _shown(drawn: Sequence[Path], description: str, prefix: str | None = None) -> Markup:
    """Return the markup of a figure, given the SVG and PNG that were drawn."""
    return inline_svg(drawn[0], prefix=prefix or drawn[0].stem, description=description)


def _panels(kind: str, drawn: Sequence[Path]) -> Markup:
    return _shown(
        drawn, f"{kind} curves of all models with bands, a panel a finding; the areas are in table 1."
    )


def _difference_figures(results: StoredResults, folder: Path) -> tuple[Markup, ...]:
    return tuple(
        _shown(
            auroc.draw_difference(results, pair, number, folder),
            f"AUROC of {pair.first} less that of {pair.second} by finding, with intervals; the numbers are "
            "in the table.",
            prefix=f"difference{number}",
        )
        for number, pair in enumerate(results.comparisons, start=1)
    )


def _roc_figures(results: StoredResults, evaluation: Path, folder: Path) -> dict[str, Markup]:
    drawn = roc.roc_figures(results, evaluation, folder)
    return {
        model.name: _shown([drawn[model.name]], _roc_description(model), prefix=f"roc{index}")
        for index, model in enumerate(results.models, start=1)
    }


def _roc_description(model: ModelResult) -> str:
    areas = [
        f"{spoken(finding)} {score(result.auroc)}"
        for finding, result in model.findings.items()
        if result.auroc is not None
    ]
    return f"ROC curves of {model.name}; AUROC: {', '.join(areas) or 'none defined'}."


def _training_figure(results: StoredResults, history: History, folder: Path) -> Markup:
    drawn = training.draw_training(history, folder, "; synthetic images" if results.synthetic else "")
    epochs = counted(len(history.epochs), "epoch")
    return _shown(
        drawn, f"Loss, validation AUROC and learning rate over {epochs}; the numbers are in the table."
    )


def _reliability(results: StoredResults, folder: Path) -> Markup | None:
    model = next((model for model in results.models if model.calibration), None)
    if model is None:
        return None
    drawn = draw_reliability(results, model, folder)
    return _shown(drawn, f"Reliability of {model.name} before and after calibration, a panel a finding.")


def _localization_figure(results: StoredResults, folder: Path) -> Markup | None:
    if not results.localizations:
        return None
    names = ", ".join(one.model for one in results.localizations)
    drawn = localization.draw_localization(results, folder)
    return _shown(drawn, f"Share of images by the IoU that is asked for: {names}, and two controls.")


def _net_benefit_figure(results: StoredResults, evaluation: Path, folder: Path) -> Markup | None:
    # Curves that an earlier evaluation left in the folder must not be used.
    if not any(model.net_benefit for model in results.models):
        return None
    drawn = draw_net_benefit(results, read_net_benefit(evaluation), folder)
    return _shown(
        drawn, "Net benefit of all models and of calling all, a panel a finding; values are in the tables."
    )
