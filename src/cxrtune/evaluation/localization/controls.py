"""What maps score that know nothing of the picture: the least that a model must beat."""

from __future__ import annotations

import numpy as np

from cxrtune.evaluation.localization.box_rule import GRID, Located, locate

RANDOM, LUNG = "random", "lung"

RANDOM_MAPS = 1000
LUNG_CENTRES = ((0.3, 0.45), (0.7, 0.45))
"""x and y as shares of the picture's sides: where lungs lie in a frontal picture; taken from no box."""

LUNG_SPREAD = 0.1
"""Standard deviation of the blob; at half its height it is 0.24 wide, about as wide as a lung."""

STATED = {
    RANDOM: (
        f"{RANDOM_MAPS:,} maps of independent uniform noise, of the same number of cells as the model's, the "
        "same for every picture; a picture's value is the mean over them."
    ),
    LUNG: (
        f"A round Gaussian blob (standard deviation {LUNG_SPREAD:g} of the side) in the centre of one lung: "
        + " or ".join(f"x = {x:g}, y = {y:g}" for x, y in LUNG_CENTRES)
        + "; a picture's value is the mean of both, which is that of a side picked at random."
    ),
}
"""What the controls are, as the results state it."""


def random_control(cells: tuple[int, int], seed: int) -> Located:
    """Return what noise points at, (1000,): the same maps for every picture, so that order does not matter.

    Args:
        cells: Height and width of the model's maps.
        seed: Decides the noise.
    """
    return locate(np.random.default_rng(seed).random((RANDOM_MAPS, *cells)))


def lung_control() -> Located:
    """Return what the two blobs point at, (2,)."""
    places = (np.arange(GRID) + 0.5) / GRID
    blobs = [
        np.exp(-((places[None, :] - x) ** 2 + (places[:, None] - y) ** 2) / (2 * LUNG_SPREAD**2))
        for x, y in LUNG_CENTRES
    ]
    return locate(np.stack(blobs))


def controls(cells: tuple[int, int], seed: int) -> dict[str, Located]:
    """Return both controls by name."""
    return {RANDOM: random_control(cells, seed), LUNG: lung_control()}
