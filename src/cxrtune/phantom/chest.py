"""The chest in one examination: its shape, from physique, inspiration and volume loss, and its layers.

The layers, with and without disease, add up to water and bone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cxrtune.phantom.spec import LEFT, Exposure, PhantomSpec, Physique
from cxrtune.phantom.view import Map, View, power

AP_HEART_MAGNIFICATION = 1.16
"""The heart is at the front: farther from the detector in an AP view, so it is projected larger."""

CAGE_ROUNDNESS = 2.3
"""Exponent of the superellipse that models the cross-section of the rib cage."""

LUNG_DENSITY = 0.26
"""Density of aerated lung relative to water; vessels larger than the finest are drawn separately."""


@dataclass(frozen=True)
class Anatomy:
    """Positions and sizes in cm, in patient coordinates.

    Attributes:
        cage_half_width: Inner half width of the rib cage at its widest.
        cage_half_depth: Inner half depth of the rib cage at its deepest.
        cage_height: Distance from the apices to the widest level of the cage.
        dome: Height (y) of the top of the right and of the left hemidiaphragm.
        sulcus: Distance of each costophrenic angle below its dome.
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
    """Return the chest of a patient in one examination."""
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


@dataclass(frozen=True)
class Chest:
    """Depths along the beam, each float32, (S, S), cm.

    Attributes:
        spec: The specification that the chest was drawn from.
        view: The projection.
        anatomy: Positions and sizes, volume loss included.
        body: The whole body as if it were solid.
        lungs: Aerated lung.
        airways: Air in trachea and main bronchi.
        gas: Air in stomach and colon.
        vessels: Blood in the pulmonary vessels.
        bones: Compact bone.
        texture: Relative deviation of the lung's density, without unit.
    """

    spec: PhantomSpec
    view: View
    anatomy: Anatomy
    body: Map
    lungs: Map
    airways: Map
    gas: Map
    vessels: Map
    bones: Map
    texture: Map

    def lung(self, side: int) -> Map:
        """Return the depth of one lung along the beam: float32, (S, S), cm."""
        return self.lungs * self._sideness(side)

    def presence(self, side: int) -> Map:
        """Return to what degree each pixel belongs to one lung: float32, (S, S), 0 to 1."""
        return np.asarray(
            np.clip(self.lungs / np.float32(0.6), 0, 1) * self._sideness(side), dtype=np.float32
        )

    def _sideness(self, side: int) -> Map:
        x, _ = self.view.grid
        outward = (x - np.float32(self.anatomy.mediastinal_shift)) * np.float32(side)
        # The lungs meet in front of the spine; a hard border there would show.
        return np.asarray(np.clip(outward / np.float32(2.5), 0, 1), dtype=np.float32)


@dataclass(frozen=True)
class Shadow:
    """Effect of one instance of a finding on the chest. Maps are float32, (S, S); None is zero.

    Attributes:
        weight: Where the finding is seen and how strongly, in any unit; its box is drawn from it.
        filling: Share of the lung's air that is replaced by water, 0 to 1.
        free_air: Share of the lung's depth that is free air in the pleural space, 0 to 1.
        solid: Depth of additional tissue (negative: of additional air), cm.
    """

    weight: Map = field(repr=False)
    filling: Map | None = None
    free_air: Map | None = None
    solid: Map | None = None


def water_depth(chest: Chest, shadows: Sequence[Shadow]) -> Map:
    """Return the depth of water that attenuates like all soft tissue along the beam.

    Returns:
        float32, (S, S), cm; 0 outside the body.
    """
    aerated = np.ones_like(chest.lungs)
    lung_left = np.ones_like(chest.lungs)
    solid = np.zeros_like(chest.lungs)
    for shadow in shadows:
        if shadow.filling is not None:
            aerated *= 1 - shadow.filling
        if shadow.free_air is not None:
            lung_left *= 1 - shadow.free_air
        if shadow.solid is not None:
            solid += shadow.solid
    tissue = np.float32(LUNG_DENSITY) * (1 + chest.texture)
    density = lung_left * (1 - aerated * (1 - tissue))
    in_lung = np.clip(chest.lungs / np.float32(2.5), 0, 1)
    # Vessels are visible against air only: without air, their outline disappears.
    vessels = chest.vessels * in_lung * aerated * lung_left
    water = chest.body - chest.lungs * (1 - density) - chest.airways - chest.gas + vessels + solid
    return np.asarray(np.maximum(water, 0) * (chest.body > 0), dtype=np.float32)
