"""One small phantom folder for the whole module, and a spec to draw lesions into."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxrtune.phantom import Lesion, PhantomSpec, write_phantoms
from cxrtune.phantom.population import draw_exposure, draw_physique


@pytest.fixture(scope="session")
def phantom_folder(tmp_path_factory):
    return write_phantoms(tmp_path_factory.mktemp("phantoms") / "nih", count=60, seed=3, size=96, workers=1)


@pytest.fixture(scope="session")
def chest_with():
    """Return a function that gives the same chest with the lesions asked for."""
    rng = np.random.default_rng(5)
    physique = draw_physique(rng, "M", 50)
    exposure = replace(
        draw_exposure(rng, "PA", physique), collimation=(0.0, 0.0, 0.0, 0.0), marker="", leads=0
    )

    def make(*lesions: Lesion, size: int = 192) -> PhantomSpec:
        return PhantomSpec(physique, exposure, tuple(lesions), size)

    return make
