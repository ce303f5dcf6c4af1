"""Predictions -> responses of the service: JSON, and the radiograph and its heatmaps as PNG."""

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
    """Describe the model."""
    return Model(title=identity.title, sha256=identity.sha256, engine=identity.engine)


def prediction_of(scored: Prediction, image_side: int | None) -> ImagePrediction:
    """Convert a prediction to its response.

    Args:
        scored: The prediction.
        image_side: Maximum longer side of the radiograph that is included; None omits it.
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
    """Return the result of one file."""
    if isinstance(answer, Refusal):
        return FileResult(index=index, name=file.name, error=answer.error)
    return FileResult(index=index, name=file.name, prediction=answer)


def why_none(answers: Sequence[object]) -> Refusal | None:
    """Return the refusal if none of the files was scored; None if at least one was."""
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
        # JSON has no infinity; an image with an infinite OOD score is flagged anyway.
        ood_score=ood_score if ood_score is not None and math.isfinite(ood_score) else None,
        threshold=judged.ood_threshold,
    )


def radiograph_image(pixels: Pixels, side: int) -> PngImage:
    """Return a radiograph as a grey PNG image.

    Args:
        pixels: uint8 or uint16 (H, W).
        side: The longer side is reduced to at most this many pixels.
    """
    return _image(_eight_bit(reduced(pixels, side)))


def heat_image(
    prediction: Prediction, finding: int, spec: PreprocessSpec, layer: Layer, side: int, opacity: float
) -> PngImage:
    """Return the heatmap of a finding as a PNG image.

    Args:
        prediction: Prediction for the image.
        finding: Index of the finding in the model's order.
        spec: The preprocessing of the model.
        layer: `overlay`: in colour over the radiograph. `heat`: the colour alone, more transparent where the
            class activation map is lower; laid over the radiograph with an opacity, it gives the overlay of
            that opacity.
        side: Maximum longer side, in pixels.
        opacity: Opacity of the overlay where the heatmap is highest.
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
    """Return the bytes of the PNG file."""
    return base64.b64decode(image.png)


def _eight_bit(pixels: Pixels) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return cast(NDArray[np.uint8], pixels)
    grey = pixels.astype(np.float32) * np.float32(255 / np.iinfo(pixels.dtype).max)
    return cast(NDArray[np.uint8], np.rint(grey).astype(np.uint8))


def _image(channels: NDArray[np.uint8]) -> PngImage:
    """Encode an image: grey (H, W), or colour in OpenCV's channel order (H, W, 3 or 4)."""
    _, data = cv2.imencode(".png", np.ascontiguousarray(channels), _FAST)
    height, width = channels.shape[:2]
    return PngImage(width=width, height=height, png=base64.b64encode(data.tobytes()).decode("ascii"))
