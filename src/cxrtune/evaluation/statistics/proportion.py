"""The 95 % interval of a proportion, such as a sensitivity, whose images come from patients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc

from cxrtune.evaluation.statistics.effective_size import effective_share, kish

_TAIL = 0.025
_EDGE = 1e-12


def proportion_interval(
    hits: NDArray[np.floating | np.integer], images: NDArray[np.integer]
) -> tuple[float, float] | None:
    """Return the mid-p interval with an effective number of images; None without images.

    Mid-p (Lancaster, Biometrika 1949; Berry and Armitage, The Statistician 1995) is the exact interval of
    Clopper and Pearson in which the observed count itself weighs one half. The number of images is divided by
    the design effect of the patients; with one image per patient nothing is estimated and nothing is divided.
    Where all or none are hits, patients show no spread, and their images are taken as all alike.

    Args:
        hits: float64 or int (P,), each patient's hits, from 0 to its images.
        images: int (P,), each patient's images.
    """
    number = float(images.sum())
    if not number:
        return None
    share, effective = float(hits.sum()) / number, effective_images(hits, images)
    return mid_p_interval(share * effective, effective)


def effective_images(hits: NDArray[np.floating | np.integer], images: NDArray[np.integer]) -> float:
    """Return how many independent images those of some patients are worth; there must be some."""
    has = images > 0
    found, of = hits[has].astype(np.float64), images[has]
    number = float(of.sum())
    return number * _share(found, of, float(found.sum()) / number)


def _share(hits: NDArray[np.float64], images: NDArray[np.integer], share: float) -> float:
    number, least = float(images.sum()), kish(images) / float(images.sum())
    if (images == 1).all():
        return 1.0
    patients = len(images)
    if patients == 1 or not 0 < share < 1:
        return least
    # The variance of a ratio of two sums over patients (Cochran, "Sampling Techniques", 1977, section 6.3).
    spread = float(((hits - share * images) ** 2).sum()) / number**2 * patients / (patients - 1)
    return 1.0 if spread == 0 else effective_share(share * (1 - share) / number / spread, patients, least)


def mid_p_interval(hits: float, images: float) -> tuple[float, float]:
    """Return the mid-p interval of `hits` of `images`, which need not be whole numbers."""

    def beyond(true: float) -> float:
        """Return P(more hits) + P(as many) / 2; of counts that are no integers, by the beta function."""
        as_many = 1.0 if hits <= 0 else float(betainc(hits, images - hits + 1, true))
        more = 0.0 if hits >= images else float(betainc(hits + 1, images - hits, true))
        return (as_many + more) / 2

    low = 0.0 if beyond(_EDGE) >= _TAIL else _where(beyond, _TAIL)
    high = 1.0 if beyond(1 - _EDGE) <= 1 - _TAIL else _where(beyond, 1 - _TAIL)
    return low, high


def _where(rising: Callable[[float], float], value: float) -> float:
    return float(brentq(lambda true: rising(true) - value, _EDGE, 1 - _EDGE))
