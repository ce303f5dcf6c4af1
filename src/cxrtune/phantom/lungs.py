"""The aerated lungs: what the rib cage holds, less the diaphragm's domes and the mediastinum."""

from __future__ import annotations

import numpy as np

from cxrtune.phantom.anatomy import CAGE_ROUNDNESS, Anatomy
from cxrtune.phantom.spec import LEFT, RIGHT
from cxrtune.phantom.view import Map, View, power

SULCUS_DEPTH = 5.5
"""How far the posterior recess reaches below the dome's silhouette, cm."""


def draw_pleural_space(view: View, anatomy: Anatomy) -> Map:
    """Return the depth of the chest cavity above the diaphragm, mediastinum not yet taken away.

    Returns:
        float32, (S, S), cm along the beam.
    """
    x, y = view.grid
    width = np.maximum(anatomy.half_width(y), np.float32(1e-3))
    inside = np.clip(1 - power(np.abs(x / width), CAGE_ROUNDNESS), 0, 1)
    cavity = 2 * anatomy.half_depth(y) * power(inside, 1 / CAGE_ROUNDNESS)
    # An apex is a dome of its own, highest in the middle of each lung.
    apex = np.float32(0.15) * (np.abs(x) - np.float32(0.37 * anatomy.cage_half_width)) ** 2
    apex = np.where(y < 4, apex, np.float32(-9))
    cavity = cavity * np.sqrt(np.clip((y - apex) / np.float32(1.0), 0, 1))
    right, left = anatomy.diaphragm(x, RIGHT), anatomy.diaphragm(x, LEFT)
    leftness = np.clip(x / np.float32(7) + np.float32(0.5), 0, 1)
    leftness = leftness * leftness * (3 - 2 * leftness)
    silhouette = right + (left - right) * leftness
    # The beam meets a dome tangentially: its thickness grows with the root of the way below the silhouette.
    below = np.clip((y - silhouette) / np.float32(SULCUS_DEPTH), 0, 1)
    # The recess behind the dome is a lateral one; beside the spine the crura fill it.
    recess = np.clip((np.abs(x) - np.float32(1.5)) / np.float32(4.5), 0, 1)
    above = np.clip(1 - below * np.float32(30), 0, 1)
    return np.asarray(cavity * (1 - power(below, 0.3)) * np.maximum(recess, above), dtype=np.float32)


def draw_lungs(pleural_space: Map, mediastinum: Map) -> Map:
    """Return the depth of aerated lung along the beam.

    Args:
        pleural_space: float32, (S, S), cm, from `draw_pleural_space`.
        mediastinum: float32, (S, S), cm of heart, vessels and fat.

    Returns:
        float32, (S, S), cm.
    """
    return np.asarray(np.maximum(pleural_space - mediastinum, 0), dtype=np.float32)
