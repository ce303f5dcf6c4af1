"""The eight findings and their effect on a chest, with one file per group of similar mechanisms."""

from __future__ import annotations

from cxrtune.phantom.pathology.kind import Pathology, Shift
from cxrtune.phantom.pathology.lung import (
    atelectasis_shift,
    draw_atelectasis,
    draw_consolidation,
    draw_infiltration,
    draw_mass,
    draw_nodule,
)
from cxrtune.phantom.pathology.pleural import (
    draw_effusion,
    draw_pleural_thickening,
    draw_pneumothorax,
    effusion_shift,
    pneumothorax_shift,
)

__all__ = ["PATHOLOGIES", "Pathology", "Shift"]

PATHOLOGIES: dict[str, Pathology] = {
    "Atelectasis": Pathology(draw_atelectasis, atelectasis_shift),
    "Effusion": Pathology(draw_effusion, effusion_shift),
    "Infiltration": Pathology(draw_infiltration),
    "Mass": Pathology(draw_mass),
    "Nodule": Pathology(draw_nodule),
    "Pneumothorax": Pathology(draw_pneumothorax, pneumothorax_shift),
    "Consolidation": Pathology(draw_consolidation),
    "Pleural_Thickening": Pathology(draw_pleural_thickening),
}
"""Finding -> how it is drawn."""
