"""All weights that cxrtune knows of, present or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxrtune.files import sha256_of
from cxrtune.models.baselines import XRV_PREFIX
from cxrtune.models.baselines.xrv import xrv_names, xrv_weights
from cxrtune.models.weights import IMAGENET_SHA256, IMAGENET_URL, imagenet_path


@dataclass(frozen=True)
class WeightsEntry:
    """One file of weights.

    Attributes:
        name: What it is called on the command line.
        path: Where it goes.
        url: Where it is published.
        present: Whether it is there.
        state: In words.
        checksum: Its SHA-256 if it is there; otherwise what is known of it.
    """

    name: str
    path: Path
    url: str
    present: bool
    state: str
    checksum: str


def weights_inventory() -> list[WeightsEntry]:
    """List ImageNet's weights and every DenseNet of TorchXRayVision, hashing those that are there."""
    entries = [_entry("imagenet", imagenet_path(), IMAGENET_URL, IMAGENET_SHA256)]
    for name in xrv_names():
        weights = xrv_weights(name)
        entries.append(_entry(XRV_PREFIX + name, weights.path, weights.url, None))
    return entries


def _entry(name: str, path: Path, url: str, expected: str | None) -> WeightsEntry:
    if not path.is_file():
        known = "none is published" if expected is None else f"begins with {expected}"
        return WeightsEntry(name, path, url, False, "missing", known)
    digest = sha256_of(path)
    damaged = expected is not None and not digest.startswith(expected)
    state = f"present but DAMAGED, its SHA-256 should begin with {expected}" if damaged else "present"
    return WeightsEntry(name, path, url, not damaged, state, digest)
