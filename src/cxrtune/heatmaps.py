"""Heatmaps (class activation maps) of a model: one map per image and finding.

As with tables of predictions, an evaluation uses only the file, so that maps made by any other program can be
compared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from cxrtune.errors import DataError, UsageError
from cxrtune.files import write_whole

SUFFIX = ".safetensors"

_FORMAT = "cxrtune.heatmaps/1"
# One key only: safetensors writes several in an order that changes from run to run.
_KEY = "cxrtune"
_REMEDY = "Make one with: `cxrtune.experiment.explain`, or write one with cxrtune.heatmaps.Heatmaps."


@dataclass(frozen=True)
class Heatmaps:
    """A model's maps for some images, each of the whole image as preprocessed for the model.

    Attributes:
        images: object (N,), unique image names of the cohort.
        findings: The F findings.
        maps: float32 (N, F, h, w), any real number, higher = more evidence for the finding; a plane of NaN if
            not known.
        model: The model's name in prose.
        method: One line on how the maps were computed.
    """

    images: NDArray[np.object_]
    findings: tuple[str, ...]
    maps: NDArray[np.float32]
    model: str
    method: str

    def write(self, path: Path) -> None:
        """Write the maps as a safetensors file, with names and texts in its header.

        Raises:
            OutputError: The file cannot be written.
            UsageError: The suffix is not .safetensors, or the attributes are inconsistent.
        """
        if path.suffix != SUFFIX:
            raise UsageError(f"heatmaps are written as {SUFFIX}", path=path)
        problem = _problem(self)
        if problem is not None:
            raise UsageError(f"these are no heatmaps: {problem}", path=path)
        described = {
            "format": _FORMAT,
            "images": [str(image) for image in self.images],
            "findings": list(self.findings),
            "model": self.model,
            "method": self.method,
        }
        with write_whole(path) as partial:
            maps = np.ascontiguousarray(self.maps, dtype=np.float32)
            save_file({"maps": maps}, partial, metadata={_KEY: json.dumps(described)})


def read_heatmaps(path: Path) -> Heatmaps:
    """Read heatmaps written by cxrtune or any other program in this format.

    Raises:
        DataError: The file is missing, damaged, or does not match the description of `Heatmaps`.
    """
    if not path.is_file():
        raise DataError("there is no such file of heatmaps", path=path, remedy=_REMEDY)
    try:
        with safe_open(path, framework="numpy") as stored:
            described = json.loads((stored.metadata() or {}).get(_KEY, "{}"))
            heatmaps = _assemble(described, stored.get_tensor("maps"))
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        reason = f"its header has no {error}" if isinstance(error, KeyError) else str(error).split("\n")[0]
        raise DataError(f"is no file of heatmaps: {reason}", path=path, remedy=_REMEDY) from error
    problem = _problem(heatmaps)
    if problem is not None:
        raise DataError(f"is no file of heatmaps: {problem}", path=path, remedy=_REMEDY)
    return heatmaps


def _assemble(described: dict[str, Any], maps: NDArray[Any]) -> Heatmaps:
    if described.get("format") != _FORMAT:
        raise ValueError(f"its format is '{described.get('format', 'not given')}', expected '{_FORMAT}'")
    return Heatmaps(
        images=np.array(described["images"], dtype=object),
        findings=tuple(described["findings"]),
        maps=maps,
        model=described["model"],
        method=described["method"],
    )


def _problem(heatmaps: Heatmaps) -> str | None:
    maps, images, findings = heatmaps.maps, heatmaps.images, heatmaps.findings
    if maps.dtype != np.float32 or maps.ndim != 4 or 0 in maps.shape[2:]:
        return f"the maps are {maps.dtype} {maps.shape}, expected float32 (images, findings, height, width)"
    if maps.shape[:2] != (len(images), len(findings)):
        return f"maps of {maps.shape[:2]} images and findings, but names of {(len(images), len(findings))}"
    for kind, names in (("image", list(images)), ("finding", list(findings))):
        if len(set(names)) < len(names):
            again = next(name for name in names if names.count(name) > 1)
            return f"the {kind} {again} is named more than once"
    known = ~np.isnan(maps).all(axis=(2, 3))
    broken = known & ~np.isfinite(maps).all(axis=(2, 3))
    if broken.any():
        row, column = np.argwhere(broken)[0]
        return f"the map of {images[row]} for {findings[column]} holds a number that is not finite"
    return None
