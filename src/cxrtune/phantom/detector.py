"""Depths of water and bone -> 8-bit image as displayed to a reader."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cxrtune.phantom.spec import Exposure
from cxrtune.phantom.view import Map

WATER_ATTENUATION = 0.19
"""Linear attenuation of water in a filtered 110 kVp beam, 1/cm."""

BONE_ATTENUATION = 0.52
"""Linear attenuation of compact bone in the same beam, 1/cm."""


DETAIL_BOOST = 0.7
"""How much display processing enhances structures below about a centimetre."""


@dataclass(frozen=True)
class DisplayWindow:
    """Signals shown as black and as white, natural-log units."""

    black: float
    white: float


def detected_signal(water: Map, bone: Map, exposure: Exposure, pixels_per_cm: float) -> Map:
    """Return the noise-free detector signal: minus the logarithm of primary plus scattered dose.

    Args:
        water: float32, (S, S), depth of soft tissue in cm of water.
        bone: float32, (S, S), depth of compact bone in cm.
        exposure: The exposure; its beam hardness and scatter are used.
        pixels_per_cm: Resolution of the maps.

    Returns:
        float32, (S, S), natural-log units; 0 in the open beam, larger behind more tissue.
    """
    attenuation = WATER_ATTENUATION * water + np.float32(BONE_ATTENUATION * exposure.hardness) * bone
    primary = np.exp(-attenuation)
    inside = water > 0
    # Scatter is so smooth that an eighth of the resolution is enough.
    side = max(16, water.shape[0] // 8)
    small = cv2.resize(primary * inside, (side, side), interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), 3.2 * pixels_per_cm * side / water.shape[0])
    scatter = cv2.resize(wide, water.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(
        -np.log(primary + np.float32(exposure.scatter) * scatter * inside + 1e-6), dtype=np.float32
    )


def add_noise(signal: Map, exposure: Exposure, pixels_per_cm: float, rng: np.random.Generator) -> Map:
    """Return the signal with blur and quantum noise; fewer quanta give more noise.

    Args:
        signal: float32, (S, S), natural-log units.
        exposure: The exposure; its quanta and blur are used.
        pixels_per_cm: Resolution of the map.
        rng: Source of the noise.

    Returns:
        float32, (S, S), natural-log units.
    """
    sharp = max(0.35, exposure.blur * pixels_per_cm)
    signal = np.asarray(cv2.GaussianBlur(signal, (0, 0), sharp), dtype=np.float32)
    quanta = exposure.photons * 1000 / pixels_per_cm**2
    # The logarithm turns Poisson noise into a deviation of one over the root of the quanta.
    deviation = np.exp(0.5 * np.minimum(signal, 6)) / np.float32(np.sqrt(quanta))
    grain = rng.standard_normal(signal.shape, dtype=np.float32)
    grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.55), dtype=np.float32)
    return np.asarray(signal + deviation * grain, dtype=np.float32)


def equalise(signal: Map, exposure: Exposure, pixels_per_cm: float) -> Map:
    """Remove a share of the large-scale contrast, as digital radiography does for display.

    Returns:
        float32, (S, S), natural-log units.
    """
    side = max(16, signal.shape[0] // 8)
    small = cv2.resize(signal, (side, side), interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), 4.0 * pixels_per_cm * side / signal.shape[0])
    coarse = cv2.resize(wide, signal.shape[::-1], interpolation=cv2.INTER_LINEAR)
    inside = np.clip(signal / np.float32(0.6), 0, 1)
    fine = signal - np.asarray(cv2.GaussianBlur(signal, (0, 0), 0.35 * pixels_per_cm), dtype=np.float32)
    flatter = signal - np.float32(exposure.equalisation) * (coarse - coarse.mean()) * inside
    return np.asarray(flatter + np.float32(DETAIL_BOOST) * fine * inside, dtype=np.float32)


def window_of(signal: Map, lungs: Map, exposure: Exposure) -> DisplayWindow:
    """Choose the displayed range from a healthy chest, so that disease does not change the exposure.

    Args:
        signal: float32, (S, S), equalised signal without lesions and noise.
        lungs: float32, (S, S), depth of aerated lung, cm.
        exposure: The exposure; its latitude and brightness are used.

    Returns:
        The window.
    """
    step = max(1, signal.shape[0] // 100)
    signal, lungs = signal[::step, ::step], lungs[::step, ::step]
    aerated = lungs > 4
    dark = float(np.percentile(signal[aerated], 12)) if aerated.any() else 0.8
    light = float(np.percentile(signal[signal > 0.15], 88))
    span = (light - dark) * exposure.latitude
    middle = 0.5 * (light + dark) - exposure.brightness * span
    return DisplayWindow(middle - 0.8 * span, middle + 0.72 * span)


def display(signal: Map, window: DisplayWindow, exposure: Exposure) -> npt.NDArray[np.uint8]:
    """Return the grey levels: black where the beam was open, white behind much tissue.

    Returns:
        uint8, (S, S), 0 to 255.
    """
    share = (signal - np.float32(window.black)) / np.float32(window.white - window.black)
    # A film's characteristic curve: a straight middle between a toe and a shoulder.
    softened = 0.5 + 0.5 * np.tanh(np.float32(2.1) * (share - np.float32(0.5))) / np.float32(np.tanh(1.05))
    shown = np.clip(softened, 0, 1) ** np.float32(exposure.gamma)
    return np.asarray(np.clip(shown * 255 + 0.5, 0, 255), dtype=np.uint8)
