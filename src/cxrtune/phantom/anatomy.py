"""The shape of one chest in one breath: what physique, inspiration and volume loss make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxrtune.phantom.spec import LEFT, Exposure, Physique
from cxrtune.phantom.view import power

AP_HEART_MAGNIFICATION = 1.16
"""The heart lies in front: farther from the detector in an AP view, so it is projected larger."""

CAGE_ROUNDNESS = 2.3
"""Exponent of the superellipse that a rib cage makes in cross-section."""


@dataclass(frozen=True)
class Anatomy:
    """Positions and sizes in cm, in patient coordinates.

    Attributes:
        cage_half_width: Inner half width of the rib cage at its widest.
        cage_half_depth: Inner half depth of the rib cage at its deepest.
        cage_height: From the apices to where the cage is widest.
        dome: Height (y) of the top of the right and of the left hemidiaphragm.
        sulcus: How far each costophrenic angle lies below its dome.
        carina: Height of the tracheal bifurcation.
        heart_half_width: Half the transverse cardiac diameter as projected.
        mediastinal_shift: Displacement of heart, trachea and hila to the patient's left.
        rib_pitch: Distance between two posterior ribs.
    """

    cage_half_width: float
    cage_half_depth: float
    cage_height: float
    dome: tuple[float, float]
    sulcus: tuple[float, float]
    carina: float
    heart_half_width: float
    mediastinal_shift: float
    rib_pitch: float

    def half_width(self, y: npt.NDArray[np.floating] | float) -> npt.NDArray[np.float32]:
        """Return the inner half width of the rib cage at heights `y` (cm), in cm."""
        along = np.clip(np.asarray(y, dtype=np.float32) / np.float32(self.cage_height), 0, None)
        rise = 1 - power(np.clip(1 - along, 0, 1), 2.6)
        # Below its widest level the cage narrows a little towards the waist.
        waist = 1 - 0.25 * np.clip(along - 1.05, 0, 1) ** 2
        wide = self.cage_half_width * power(rise, 0.51) * waist
        apex = 1.8 * np.exp(-np.asarray(y, dtype=np.float32) / np.float32(2.5)) * np.clip(along * 25, 0, 1)
        return np.asarray(wide + apex, dtype=np.float32)

    def half_depth(self, y: npt.NDArray[np.floating] | float) -> npt.NDArray[np.float32]:
        """Return the inner half depth of the rib cage at heights `y` (cm), in cm."""
        along = np.clip(np.asarray(y, dtype=np.float32) / np.float32(self.cage_height), 0, 1)
        return (self.cage_half_depth * (0.3 + 0.7 * power(along, 0.7))).astype(np.float32)

    def dome_of(self, side: int) -> float:
        """Return the height (y, cm) of the top of a hemidiaphragm."""
        return self.dome[1] if side == LEFT else self.dome[0]

    def diaphragm(self, x: npt.NDArray[np.floating] | float, side: int) -> npt.NDArray[np.float32]:
        """Return the height of a hemidiaphragm's silhouette at positions `x` (cm), in cm."""
        wall = float(self.half_width(self.dome_of(side) + 2.5))
        top = 0.47 * wall
        outward = np.asarray(x, dtype=np.float32) * side - top
        lateral = np.clip(outward / (wall - top), 0, None)
        medial = np.clip(-outward / top, 0, None)
        sulcus = self.sulcus[1] if side == LEFT else self.sulcus[0]
        fall = sulcus * power(lateral, 2.4) + 0.9 * power(medial, 1.8)
        return (self.dome_of(side) + fall).astype(np.float32)


def anatomy_of(physique: Physique, exposure: Exposure) -> Anatomy:
    """Return the chest of a patient as it stands in one examination."""
    rng = np.random.default_rng([physique.seed, 11])
    pitch = physique.rib_pitch
    # A full inspiration brings the right dome below the tenth posterior rib, a shallow one to the eighth.
    right = pitch * (7.6 + 2.0 * exposure.inspiration) + rng.normal(0, 0.25)
    left = right + rng.normal(1.0, 0.45)
    depth = 2.6 + 1.8 * exposure.inspiration
    magnification = AP_HEART_MAGNIFICATION if exposure.view == "AP" else 1.0
    shallow = 1 + 0.1 * (1 - exposure.inspiration)
    return Anatomy(
        cage_half_width=physique.cage_half_width * (0.97 + 0.03 * exposure.inspiration),
        cage_half_depth=physique.cage_half_depth,
        cage_height=8.0 * pitch,
        dome=(right, left),
        sulcus=(depth + rng.normal(0, 0.2), depth + rng.normal(0, 0.2)),
        carina=3.0 * pitch + rng.normal(0, 0.3),
        heart_half_width=physique.heart_half_width * magnification * shallow,
        mediastinal_shift=float(rng.normal(0, 0.15)),
        rib_pitch=pitch,
    )
