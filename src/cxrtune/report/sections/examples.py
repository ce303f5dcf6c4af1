"""The first model's worst errors, with their images."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.results import Example
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import listed, threshold

_SIDE = 200
_QUALITY = 78


@dataclass(frozen=True)
class Image:
    """One radiograph: `source` is a data URL, `caption` describes its score."""

    source: str
    caption: str
    alternative: str


@dataclass(frozen=True)
class FindingExamples:
    """One finding's errors: negatives with the highest and positives with the lowest scores."""

    finding: str
    images: tuple[Image, ...]


@dataclass(frozen=True)
class ExamplesView:
    """All findings that have images."""

    model: str
    findings: tuple[FindingExamples, ...]


def examples_view(material: Material) -> ExamplesView | None:
    """Return the errors; None if the images are not available."""
    examples = [one for one in material.results.examples if one.image in material.images]
    if not examples:
        return None
    by_finding: dict[str, list[Image]] = {}
    for one in examples:
        by_finding.setdefault(spoken(one.finding), []).append(_image(one, material.images[one.image]))
    return ExamplesView(
        model=examples[0].model,
        findings=tuple(FindingExamples(finding, tuple(found)) for finding, found in by_finding.items()),
    )


def _image(example: Example, pixels: NDArray[np.uint8]) -> Image:
    small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    others = [spoken(finding) for finding in example.others]
    labels = f"Its other labels: {listed(others)}." if others else "No other label."
    kind = "Labelled absent" if example.kind == "false positive" else "Labelled present"
    return Image(
        source=f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}",
        caption=f"{kind}, scored {threshold(example.score)}. {labels}",
        alternative=f"Radiograph, {spoken(example.finding)}: {kind.lower()}",
    )
