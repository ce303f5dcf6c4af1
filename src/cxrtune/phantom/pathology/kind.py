"""The interface of findings, and the shapes that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cxrtune.phantom.chest import Chest, Shadow
from cxrtune.phantom.spec import Lesion
from cxrtune.phantom.view import Map


@dataclass(frozen=True)
class Shift:
    """How a lesion moves the anatomy around it.

    Attributes:
        dome_rise: Elevation of the hemidiaphragm of its side, cm; negative pushes it down.
        mediastinum: Shift of the mediastinum to its side, cm; negative pushes it away.
    """

    dome_rise: float
    mediastinum: float


@dataclass(frozen=True)
class Pathology:
    """One finding.

    Attributes:
        draw: What a lesion adds to a chest.
        shift: What a lesion does to the anatomy, or None.
    """

    draw: Callable[[Lesion, Chest], Shadow]
    shift: Callable[[Lesion], Shift] | None = None


def between(low: float, high: float, severity: float) -> float:
    """Return the length (or share) at the fraction `severity` between `low` and `high`."""
    return low + (high - low) * severity


def smooth_step(values: Map, width: float) -> Map:
    """Return 0 to 1 across an edge at 0 of about `width` (cm): float32, (S, S)."""
    return np.asarray(0.5 + 0.5 * np.tanh(values / np.float32(0.5 * width)), dtype=np.float32)


def place_in_lung(
    rng: np.random.Generator, chest: Chest, side: int, zone: tuple[float, float]
) -> tuple[float, float]:
    """Choose a place in the lung where it is deep enough for a lesion to be seen.

    Args:
        rng: Source of randomness.
        chest: The chest.
        side: -1 the patient's right, +1 the left.
        zone: Highest and lowest place as shares of the way from apex to dome.

    Returns:
        Patient coordinates (x, y), cm.
    """
    anatomy = chest.anatomy
    height = zone[0] + (zone[1] - zone[0]) * rng.random()
    y = height * anatomy.dome_of(side)
    wall = float(anatomy.half_width(y))
    hilum = 2.8 + (2.2 if side > 0 and height > 0.6 else 0.6)
    share = rng.uniform(0.12, 0.84)
    return side * (hilum + share * (wall - hilum)), y
