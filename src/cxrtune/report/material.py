"""Everything that a section of the page may draw on, gathered before the first is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from cxrtune.evaluation.curve_files import Panel, read_net_benefit, read_panels
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
    """The page's figures as markup, `roc` by model, `differences` by pair; None where there is nothing."""

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
    """What the report is made of."""

    title: str
    results: StoredResults
    history: History | None
    records: tuple[Record, ...]
    figures: Figures
    pictures: Mapping[str, NDArray[np.uint8]]

    def part(self, split: str) -> SplitCount | None:
        """Return the counts of one part of the cohort, if it has that part."""
        return next((part for part in self.results.cohort if part.split == split), None)


def gather(
    evaluation: Path,
    figure_folder: Path,
    *,
    run: Path | None,
    provenances: Sequence[Path],
    pictures: Mapping[str, NDArray[np.uint8]],
    title: str,
) -> Material:
    """Read all inputs, and draw the figures into a new folder.

    Raises:
        DataError: An input is missing or is not what it should be.
    """
    figure_folder.mkdir()
    results = read_results(evaluation)
    panels = read_panels(evaluation)
    history = None if run is None else read_history(run)
    return Material(
        title=title,
        results=results,
        history=history,
        records=tuple(read_record(path) for path in provenances),
        figures=Figures(
            auroc=_auroc_figure(results, figure_folder),
            roc=_roc_figures(results, evaluation, figure_folder),
            training=None if history is None else _training_figure(results, history, figure_folder),
            roc_panels=_panels(results, panels, figure_folder, draw_roc_panels, "ROC") if panels else None,
            recall_panels=_panels(results, panels, figure_folder, draw_recall_panels, "Precision-recall")
            if panels
            else None,
            reliability=_reliability(results, figure_folder),
            localization=_localization_figure(results, figure_folder),
            net_benefit=_net_benefit_figure(results, evaluation, figure_folder),
            differences=_difference_figures(results, figure_folder),
        ),
        pictures=pictures,
    )


def _auroc_figure(results: StoredResults, folder: Path) -> Markup:
    svg, _ = auroc.draw_auroc(results, folder)
    names = ", ".join(model.name for model in results.models)
    description = f"AUROC by finding of {names}; the numbers are in table 1."
    return inline_svg(svg, prefix="auroc", description=description)


def _difference_figures(results: StoredResults, folder: Path) -> tuple[Markup, ...]:
    figures = []
    for number, pair in enumerate(results.comparisons, start=1):
        svg, _ = auroc.draw_difference(results, pair, number, folder)
        description = (
            f"AUROC of {pair.first} less that of {pair.second} by finding, with intervals; the numbers are "
            "in the table."
        )
        figures.append(inline_svg(svg, prefix=f"difference{number}", description=description))
    return tuple(figures)


def _roc_figures(results: StoredResults, evaluation: Path, folder: Path) -> dict[str, Markup]:
    drawn = roc.roc_figures(results, evaluation, folder)
    return {
        model.name: inline_svg(drawn[model.name], prefix=f"roc{index}", description=_roc_description(model))
        for index, model in enumerate(results.models, start=1)
    }


def _panels(
    results: StoredResults,
    panels: dict[str, list[Panel]],
    folder: Path,
    draw: Callable[[StoredResults, dict[str, list[Panel]], Path], list[Path]],
    kind: str,
) -> Markup:
    svg, _ = draw(results, panels, folder)
    description = f"{kind} curves of all models with bands, a panel a finding; the areas are in table 1."
    return inline_svg(svg, prefix=svg.stem, description=description)


def _reliability(results: StoredResults, folder: Path) -> Markup | None:
    model = next((model for model in results.models if model.calibration), None)
    if model is None:
        return None
    svg, _ = draw_reliability(results, model, folder)
    description = f"Reliability of {model.name} before and after calibration, a panel a finding."
    return inline_svg(svg, prefix="reliability", description=description)


def _localization_figure(results: StoredResults, folder: Path) -> Markup | None:
    if not results.localizations:
        return None
    svg, _ = localization.draw_localization(results, folder)
    names = ", ".join(one.model for one in results.localizations)
    description = f"Share of images by the IoU that is asked for: {names}, and two controls."
    return inline_svg(svg, prefix="localization", description=description)


def _net_benefit_figure(results: StoredResults, evaluation: Path, folder: Path) -> Markup | None:
    # Curves that an earlier evaluation left in the folder are of no use.
    if not any(model.net_benefit for model in results.models):
        return None
    svg, _ = draw_net_benefit(results, read_net_benefit(evaluation), folder)
    description = "Net benefit of all models and of calling all, a panel a finding; values are in the tables."
    return inline_svg(svg, prefix="net-benefit", description=description)


def _roc_description(model: ModelResult) -> str:
    areas = [
        f"{spoken(finding)} {score(result.auroc)}"
        for finding, result in model.findings.items()
        if result.auroc is not None
    ]
    return f"ROC curves of {model.name}; AUROC: {', '.join(areas) or 'none defined'}."


def _training_figure(results: StoredResults, history: History, folder: Path) -> Markup:
    images = "; synthetic images" if results.synthetic else ""
    svg, _ = training.draw_training(history, folder, images)
    epochs = counted(len(history.epochs), "epoch")
    description = f"Loss, validation AUROC and learning rate over {epochs}; the numbers are in the table."
    return inline_svg(svg, prefix="training", description=description)
