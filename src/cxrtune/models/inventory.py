"""All weights that cxrtune knows, whether or not they are on this machine."""

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
        name: The name on the command line.
        path: The path on this machine.
        url: The URL of the published file.
        present: Whether the file exists and is undamaged.
        state: The state in words.
        checksum: The SHA-256 if the file exists; otherwise what is known about it.
    """

    name: str
    path: Path
    url: str
    present: bool
    state: str
    checksum: str


def weights_inventory() -> list[WeightsEntry]:
    """List the ImageNet weights and every DenseNet of TorchXRayVision, with the hashes of existing files."""
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
