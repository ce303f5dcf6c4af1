"""Synthetic frontal chest radiographs in the folder layout of NIH ChestX-ray14.

For demonstrations and tests without patients: an image is the projection of a parametric chest
(depths of water and bone along the beam, attenuated, scattered, with quantum noise), so shadows add
up as they do on a radiograph, and every lesion comes with its label and box.
"""

from __future__ import annotations

from cxrtune.phantom.folder import PhantomFolder, write_phantoms
from cxrtune.phantom.radiograph import FindingBox, Phantom, draw_phantom
from cxrtune.phantom.spec import LEFT, PHANTOM_FINDINGS, RIGHT, Exposure, Lesion, PhantomSpec, Physique

__all__ = [
    "LEFT",
    "PHANTOM_FINDINGS",
    "RIGHT",
    "Exposure",
    "FindingBox",
    "Lesion",
    "Phantom",
    "PhantomFolder",
    "PhantomSpec",
    "Physique",
    "draw_phantom",
    "write_phantoms",
]
