"""The ROC curves of each model."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from cxrtune.report.material import Material
from cxrtune.report.notation import counted


@dataclass(frozen=True)
class RocFigure:
    """One model's curves with their caption."""

    model: str
    caption: str
    figure: Markup


@dataclass(frozen=True)
class Panels:
    """Small panels of all models, one a finding."""

    caption: str
    figure: Markup


@dataclass(frozen=True)
class RocView:
    """The panels with bands, if there are any, and one figure a model, in the models' order."""

    panels: tuple[Panels, ...]
    figures: tuple[RocFigure, ...]


def roc_view(material: Material) -> RocView:
    """Show all models by finding, then each model's findings together."""
    captions = (
        "ROC curves by finding, with pointwise 95 % bands of the patient bootstrap. Dashed: chance.",
        "Precision-recall curves by finding, with bands of the same kind. Dashed: the prevalence.",
    )
    drawn = (material.figures.roc_panels, material.figures.recall_panels)
    return RocView(
        tuple(Panels(text, figure) for text, figure in zip(captions, drawn, strict=True) if figure),
        tuple(
            RocFigure(
                model=model.name,
                caption=f"ROC curves, {counted(model.images, 'image')}. Dots: the operating points at the "
                f"stored thresholds ({model.threshold_rule}).",
                figure=material.figures.roc[model.name],
            )
            for model in material.results.models
        ),
    )
