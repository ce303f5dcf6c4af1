"""Predictions -> what the service says of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from cxrtune.inference.prediction import FindingScore, ModelIdentity, Prediction
from cxrtune.inference.quality import Quality
from cxrtune.serving.web.multipart import File
from cxrtune.serving.web.pictures import radiograph_picture
from cxrtune.serving.web.refusals import Refusal
from cxrtune.serving.web.schema import FileResult, Finding, ImagePrediction, ImageQuality, Model, QualityFlag

Answer = TypeVar("Answer")


def model_of(identity: ModelIdentity) -> Model:
    """Say which model it was."""
    return Model(title=identity.title, sha256=identity.sha256, engine=identity.engine)


def prediction_of(scored: Prediction, picture_side: int | None) -> ImagePrediction:
    """Lay a prediction out.

    Args:
        scored: The predictor's.
        picture_side: The longer side of the radiograph that goes with it, at most; None leaves it out.
    """
    height, width = scored.pixels.shape
    return ImagePrediction(
        width=width,
        height=height,
        findings=[_finding(score) for score in scored.findings],
        quality=_quality(scored.quality),
        picture=None if picture_side is None else radiograph_picture(scored.pixels, picture_side),
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
        raw=score.raw,
        probability=score.probability,
        threshold=score.threshold,
        calibrated_threshold=score.calibrated_threshold,
        present=score.present,
    )


def _quality(judged: Quality) -> ImageQuality:
    strangeness = judged.strangeness
    return ImageQuality(
        fit=judged.fit,
        flags=[QualityFlag(name=flag.name, text=flag.text) for flag in judged.flags],
        # JSON has no infinity; what is infinitely strange is flagged.
        strangeness=strangeness if strangeness is not None and math.isfinite(strangeness) else None,
        threshold=judged.threshold,
    )
