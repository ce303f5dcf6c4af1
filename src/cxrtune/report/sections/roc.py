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
class RocView:
    """The figures, in the models' order."""

    figures: tuple[RocFigure, ...]


def roc_view(material: Material) -> RocView:
    """Show one ROC figure a model."""
    return RocView(
        tuple(
            RocFigure(
                model=model.name,
                caption=f"ROC curves, {counted(model.images, 'image')}. Dots: the operating points at the "
                f"stored thresholds ({model.threshold_rule}).",
                figure=material.figures.roc[model.name],
            )
            for model in material.results.models
        )
    )
