"""Predictions -> what the service says of them: JSON, and the radiograph and its heatmaps as PNG."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cxrtune.images.preprocess import reduced, reduced_shape
from cxrtune.images.radiograph import Pixels
from cxrtune.recipe import PreprocessSpec
from cxrtune.scoring.heatmap import coloured, heat, overlay
from cxrtune.scoring.prediction import FindingScore, ModelIdentity, Prediction
from cxrtune.scoring.quality import Quality
from cxrtune.serving.web.body import File
from cxrtune.serving.web.refusals import Refusal
from cxrtune.serving.web.schema import (
    FileResult,
    Finding,
    ImagePrediction,
    ImageQuality,
    Model,
    PngImage,
    QualityFlag,
)

Layer = Literal["overlay", "heat"]

_FAST = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def model_of(identity: ModelIdentity) -> Model:
    """Say which model it was."""
    return Model(title=identity.title, sha256=identity.sha256, engine=identity.engine)


def prediction_of(scored: Prediction, image_side: int | None) -> ImagePrediction:
    """Lay a prediction out.

    Args:
        scored: The predictor's.
        image_side: The longer side of the radiograph that goes with it, at most; None leaves it out.
    """
    height, width = scored.pixels.shape
    return ImagePrediction(
        width=width,
        height=height,
        findings=[_finding(score) for score in scored.findings],
        quality=_quality(scored.quality),
        image=None if image_side is None else radiograph_image(scored.pixels, image_side),
    )


def result_of(index: int, file: File, answer: ImagePrediction | Refusal) -> FileResult:
    """Say what became of one file."""
    if isinstance(answer, Refusal):
        return FileResult(index=index, name=file.name, error=answer.error)
    return FileResult(index=index, name=file.name, prediction=answer)


def why_none(answers: Sequence[object]) -> Refusal | None:
    """Return why no file at all was answered; None if one was."""
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    if len(refusals) < len(answers):
        return None
    slow = next((refusal for refusal in refusals if refusal.reason == "too_slow"), None)
    if slow is not None or len(refusals) == 1:
        return slow or refusals[0]
    return Refusal("unreadable_image", f"none of the {len(refusals)} files gives a radiograph")


def _finding(score: FindingScore) -> Finding:
    return Finding(
        finding=score.finding,
        score=score.score,
        probability=score.probability,
        threshold=score.threshold,
        probability_threshold=score.probability_threshold,
        positive=score.positive,
    )


def _quality(judged: Quality) -> ImageQuality:
    ood_score = judged.ood_score
    return ImageQuality(
        fit=judged.fit,
        flags=[QualityFlag(name=flag.name, text=flag.text) for flag in judged.flags],
        # JSON has no infinity; what is infinitely far away is flagged.
        ood_score=ood_score if ood_score is not None and math.isfinite(ood_score) else None,
        threshold=judged.ood_threshold,
    )


def radiograph_image(pixels: Pixels, side: int) -> PngImage:
    """Return a radiograph, grey.

    Args:
        pixels: uint8 or uint16 (H, W).
        side: The longer side is reduced to this many pixels, if it is longer.
    """
    return _image(_eight_bit(reduced(pixels, side)))


def heat_image(
    prediction: Prediction, finding: int, spec: PreprocessSpec, layer: Layer, side: int, opacity: float
) -> PngImage:
    """Return where the evidence for a finding is.

    Args:
        prediction: Of the image.
        finding: Its place in the model's order.
        spec: How the radiograph became the network's input.
        layer: `overlay`: in colour over the radiograph. `heat`: the colour alone, as transparent as there is
            no evidence; laid over the radiograph with an opacity it gives the overlay of that opacity.
        side: The longer side, at most.
        opacity: Of the overlay where the heat is strongest.
    """
    evidence = prediction.cam[finding]
    if layer == "overlay":
        pixels = reduced(prediction.pixels, side)
        height, width = pixels.shape
        return _image(overlay(pixels, heat(evidence, (height, width), spec), opacity)[..., ::-1])
    height, width = reduced_shape(prediction.pixels, side)
    warmth = heat(evidence, (height, width), spec)
    alpha = np.rint(warmth * 255).astype(np.uint8)
    return _image(np.dstack([coloured(warmth)[..., ::-1], alpha]))


def png_of(image: PngImage) -> bytes:
    """Return the PNG file itself."""
    return base64.b64decode(image.png)


def _eight_bit(pixels: Pixels) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return cast(NDArray[np.uint8], pixels)
    grey = pixels.astype(np.float32) * np.float32(255 / np.iinfo(pixels.dtype).max)
    return cast(NDArray[np.uint8], np.rint(grey).astype(np.uint8))


def _image(channels: NDArray[np.uint8]) -> PngImage:
    """Encode grey (H, W), or OpenCV's order of colours (H, W, 3 or 4)."""
    _, data = cv2.imencode(".png", np.ascontiguousarray(channels), _FAST)
    height, width = channels.shape[:2]
    return PngImage(width=width, height=height, png=base64.b64encode(data.tobytes()).decode("ascii"))
