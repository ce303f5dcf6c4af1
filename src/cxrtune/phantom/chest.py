"""The layers of one chest before and after disease, and how they add up to water and bone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cxrtune.phantom.anatomy import Anatomy
from cxrtune.phantom.spec import PhantomSpec
from cxrtune.phantom.view import Map, View

LUNG_DENSITY = 0.26
"""Density of aerated lung over that of water; vessels larger than the finest are drawn apart."""


@dataclass(frozen=True)
class Chest:
    """Depths along the beam, each float32, (S, S), cm.

    Attributes:
        spec: What the chest was drawn from.
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
        """Return how far a pixel belongs to one lung: float32, (S, S), 0 to 1."""
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
    """What one instance of a finding does to the chest. Maps are float32, (S, S); None is zero.

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
    # Vessels are seen against air only: where the air is gone their outline is gone with it.
    vessels = chest.vessels * in_lung * aerated * lung_left
    water = chest.body - chest.lungs * (1 - density) - chest.airways - chest.gas + vessels + solid
    return np.asarray(np.maximum(water, 0) * (chest.body > 0), dtype=np.float32)
