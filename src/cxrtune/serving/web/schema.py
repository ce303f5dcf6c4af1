"""What the service says, as JSON: docs/service.md and /openapi.json are about these."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

DISCLAIMER = "Research software, no medical device: not for diagnosis."

Probability = Annotated[float, Field(ge=0, le=1)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Error(_Answer):
    """Why something was refused."""

    reason: str = Field(description="Fit for programs; docs/service.md lists them.", examples=["queue_full"])
    message: str = Field(description="In prose.", examples=["64 images are waiting already"])
    remedy: str | None = Field(None, description="What to do.", examples=["Come again in 2 s."])


class Model(_Answer):
    """Which model it was, and what ran it."""

    title: str = Field(examples=["DenseNet-121, last block fine-tuned by cxrtune"])
    sha256: str = Field(description="Of the model file.", examples=["5f0c" * 16])
    engine: str = Field(description="Precision included.", examples=["OpenVINO, float32"])


class Finding(_Answer):
    """One finding of one image."""

    finding: str = Field(examples=["Effusion"])
    score: Probability = Field(
        description="The model's own score; thresholds are chosen on it.", examples=[0.81]
    )
    probability: Probability | None = Field(
        description="Calibrated on validation; null where the model has no calibration.", examples=[0.42]
    )
    threshold: Probability | None = Field(description="On the scale of `score`.", examples=[0.63])
    probability_threshold: Probability | None = Field(
        description="On the scale of `probability`.", examples=[0.17]
    )
    positive: bool | None = Field(
        description="Whether `score` reaches the threshold; null without one.", examples=[True]
    )


class QualityFlag(_Answer):
    """One doubt about an image."""

    name: str = Field(examples=["unlike_training"])
    text: str = Field(examples=["does not look like a frontal chest radiograph of the training data"])


class ImageQuality(_Answer):
    """Whether the image is one that the model can judge."""

    fit: bool = Field(description="Nothing speaks against it.", examples=[True])
    flags: list[QualityFlag] = Field(description="The doubts.", examples=[[]])
    ood_score: float | None = Field(
        description="0 as the middle of validation images, 1 about their 99th percentile.", examples=[0.45]
    )
    threshold: float | None = Field(
        description="The OOD score above which an image is flagged.", examples=[1.08]
    )


class PngImage(_Answer):
    """An image to look at, 8 bit."""

    width: int = Field(examples=[1024])
    height: int = Field(examples=[1024])
    png: str = Field(description="Base64.", examples=["iVBORw0KGgo..."])


class ImagePrediction(_Answer):
    """What the model says of one image."""

    width: int = Field(description="Of the radiograph, in pixels.", examples=[2048])
    height: int = Field(examples=[2500])
    findings: list[Finding] = Field(description="In the model's order.")
    quality: ImageQuality
    image: PngImage | None = Field(None, description="The radiograph as it was decoded, if asked for.")


class FileResult(_Answer):
    """What became of one file: a prediction, or the reason why there is none."""

    index: int = Field(description="The file's place in the request, from 0.", examples=[0])
    name: str | None = Field(None, description="As the client named the file, without folders.")
    prediction: ImagePrediction | None = None
    error: Error | None = None


class PredictionsAnswer(_Answer):
    """What became of every file, in the order of the request."""

    model: Model
    results: list[FileResult]
    notice: str = DISCLAIMER


class Heatmap(_Answer):
    """Where in the image the evidence for a finding is."""

    finding: str = Field(examples=["Effusion"])
    strongest: float = Field(
        description="What the strongest place adds to the finding's logit.",
        examples=[3.2],
    )
    image: PngImage


class HeatmapsAnswer(_Answer):
    """Heatmaps of one image."""

    model: Model
    layer: str = Field(description="`overlay` or `heat`.", examples=["heat"])
    heatmaps: list[Heatmap]
    notice: str = DISCLAIMER


class KnownFinding(_Answer):
    """A finding that the model knows."""

    finding: str = Field(examples=["Pleural_Thickening"])
    spoken: str = Field(description="As a person writes it.", examples=["Pleural thickening"])
    threshold: Probability | None = Field(description="On the scale of `score`.", examples=[0.63])
    calibrated: bool = Field(description="Whether its probability is calibrated.", examples=[True])


class Accepted(_Answer):
    """What the service takes."""

    media_types: list[str] = Field(examples=[["image/png", "image/jpeg", "image/tiff", "application/dicom"]])
    body_bytes: int = Field(examples=[67108864])
    files: int = Field(examples=[16])
    pixels: int = Field(examples=[40000000])


class ModelAnswer(_Answer):
    """The model that this service runs."""

    model: Model
    recipe: str = Field(examples=["reference"])
    input_size: int = Field(description="Side of the network's input, in pixels.", examples=[224])
    findings: list[KnownFinding]
    threshold_rule: str = Field(examples=["Youden's J on validation"])
    ood_check: bool = Field(description="Whether it flags out-of-distribution images.", examples=[True])
    accepts: Accepted
    version: str = Field(description="Of cxrtune.", examples=["0.1.0"])
    notice: str = DISCLAIMER


class Health(_Answer):
    """Whether the service runs, or can answer."""

    status: str = Field(examples=["ok"])


class ErrorAnswer(_Answer):
    """Every answer with a status of 400 or more."""

    error: Error
    results: list[FileResult] | None = Field(
        None, description="What became of each file, where it came so far."
    )
