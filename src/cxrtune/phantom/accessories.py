"""Other objects on a radiograph: gas below the diaphragm, cables, marker, collimation."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cxrtune.phantom.chest import Anatomy
from cxrtune.phantom.spec import Exposure
from cxrtune.phantom.torso import ellipsoid
from cxrtune.phantom.view import Map, View, smooth_noise


def draw_gas(view: View, exposure: Exposure, anatomy: Anatomy) -> Map:
    """Return the depth of air in stomach and left colic flexure along the beam.

    Returns:
        float32, (S, S), cm.
    """
    _, y = view.grid
    gas = np.zeros_like(y)
    radius = exposure.gastric_bubble
    if radius <= 0:
        return gas
    rng = np.random.default_rng([exposure.seed, 21])
    x = 0.47 * anatomy.cage_half_width + rng.normal(0, 0.8)
    top = anatomy.dome[1] + 0.8
    gas = ellipsoid(view, (x, top + radius), (1.35 * radius, radius, 1.4 * radius), rng.normal(0, 14))
    if rng.random() < 0.6:
        level = np.float32(top + radius * rng.uniform(0.9, 1.5))
        gas = gas * np.clip(1 - (y - level) / np.float32(0.15), 0, 1)
    lumps = smooth_noise(rng, view.size, 14)
    return np.asarray(gas * np.clip(0.85 + 0.35 * lumps, 0.2, 1.1), dtype=np.float32)


def draw_leads(view: View, exposure: Exposure) -> Map:
    """Return the depth of metal, as bone, in the monitoring cables on the chest.

    Returns:
        float32, (S, S), cm of compact bone.
    """
    total = np.zeros((view.size, view.size), dtype=np.float32)
    rng = np.random.default_rng([exposure.seed, 22])
    t = np.linspace(0, 1, 40)[:, None]
    for _ in range(exposure.leads):
        side = rng.choice([-1.0, 1.0])
        electrode = np.array([side * rng.uniform(5, 13), rng.uniform(0, 20), -9.0])
        away = np.array([side * rng.uniform(8, 22), rng.uniform(24, 38), -9.0])
        bow = np.sin(np.pi * t) * np.array([rng.normal(0, 3.0), rng.normal(0, 2.0), 0.0])
        cable = electrode + t * (away - electrode) + bow
        total += view.tubes(cable[None], np.full((1, 1), 0.06), np.full((1, 1), 0.06), np.full((1, 1), 9.0))
        total += 0.2 * ellipsoid(
            view, (electrode[0] + view.yaw * electrode[2], electrode[1]), (0.55, 0.55, 0.9)
        )
    return total


def stamp_marker(pixels: npt.NDArray[np.uint8], view: View, exposure: Exposure) -> None:
    """Write the lead marker into the upper corner on the patient's left, in place.

    Args:
        pixels: uint8, (S, S), changed in place.
        view: The projection.
        exposure: The exposure; its marker text is used.
    """
    if not exposure.marker:
        return
    rng = np.random.default_rng([exposure.seed, 23])
    scale = view.scale
    height = rng.uniform(0.9, 1.4)
    column = view.size - (exposure.collimation[2] + rng.uniform(2.0, 4.0)) * scale
    row = (exposure.collimation[1] + rng.uniform(1.6, 4.0)) * scale
    ink = np.zeros_like(pixels)
    thickness = max(1, round(0.13 * scale))
    corner = (int(column), int(row))
    cv2.putText(
        ink,
        exposure.marker,
        corner,
        cv2.FONT_HERSHEY_SIMPLEX,
        height * scale / 22,
        255,
        thickness,
        cv2.LINE_AA,
    )
    shade = np.asarray(cv2.GaussianBlur(ink, (0, 0), max(0.4, 0.03 * scale)), dtype=np.float32) / 255
    pixels[:] = (pixels + (250 - pixels.astype(np.float32)) * shade).astype(np.uint8)


def exposed_part(view: View, exposure: Exposure) -> tuple[slice, slice]:
    """Return the rows and columns that are not collimated."""
    left, top, right, bottom = (round(border * view.scale) for border in exposure.collimation)
    return slice(top, view.size - bottom), slice(left, view.size - right)


def collimate(pixels: npt.NDArray[np.uint8], view: View, exposure: Exposure) -> None:
    """Black out the collimated area, in place.

    Args:
        pixels: uint8, (S, S), changed in place.
        view: The projection.
        exposure: The exposure; its collimation is used.
    """
    rows, columns = exposed_part(view, exposure)
    for border in (
        np.s_[: rows.start],
        np.s_[rows.stop :],
        np.s_[:, : columns.start],
        np.s_[:, columns.stop :],
    ):
        pixels[border] = 4
