"""The recipe: every choice of an experiment, validated.

A key that is left out takes the value of the reference recipe (DESIGN, section 5); a key that does
not exist, or a value that cannot be meant, is an error that names the key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cxrtune.errors import RecipeError
from cxrtune.shown import fitted, quoted

Positive = Annotated[float, Field(gt=0)]
Probability = Annotated[float, Field(ge=0, le=1)]
_EXPECTED = {"model_type": "a mapping of keys is expected", "tuple_type": "a list is expected"}
Channels = tuple[float, float, float]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PreprocessSpec(_Part):
    """How a radiograph becomes the network's input; stored with every model.

    Attributes:
        size: Side of the square input, in pixels.
        resize: `stretch` the image to the square, `pad` it with black to a square first, or
            `crop` its centre to a square first. NIH's images are square: there all three agree.
        mean: Subtracted from each channel of the grey image in [0, 1]; default ImageNet's.
        std: Divides each channel thereafter; default ImageNet's.
    """

    size: Annotated[int, Field(ge=32, le=1024, multiple_of=32)] = 224
    resize: Literal["stretch", "pad", "crop"] = "stretch"
    mean: Channels = (0.485, 0.456, 0.406)
    std: tuple[Positive, Positive, Positive] = (0.229, 0.224, 0.225)


class HeadSpec(_Part):
    """How the last feature map becomes one logit a finding.

    Attributes:
        pooling: `lse` (log-sum-exp; Pinheiro and Collobert 2015, used by Wang et al. 2017) or `average`.
        sharpness: r of log-sum-exp: towards 0 it averages, towards infinity it takes the maximum.
    """

    pooling: Literal["lse", "average"] = "lse"
    sharpness: Positive = 10.0


class AugmentationSpec(_Part):
    """Random views of a training image.

    Attributes:
        rotation: Largest rotation, in degrees.
        shift: Largest shift in x and in y, as a share of the side.
        scale: Smallest and largest magnification.
        shear: Largest shear along x, in degrees.
        flip: Probability of a horizontal flip.
    """

    rotation: Annotated[float, Field(ge=0, le=180)] = 5.0
    shift: Probability = 0.02
    scale: tuple[Positive, Positive] = (0.95, 1.05)
    shear: Annotated[float, Field(ge=0, lt=90)] = 5.0
    flip: Probability = 0.5

    @model_validator(mode="after")
    def _ordered(self) -> AugmentationSpec:
        if self.scale[0] > self.scale[1]:
            raise ValueError("scale: the smallest magnification must not exceed the largest")
        return self


class BankSpec(_Part):
    """The feature bank.

    Attributes:
        store: `disk` keeps the trunk's output; `none` runs the trunk anew in every epoch, on augmented
            images: the way for a fast GPU and little disk.
        views: Views of each training image; view 0 is not augmented, the others are.
        refresh: After how many epochs the augmented views are drawn anew; 0 never.
        precision: Of the trunk's arithmetic while the bank is built.
        engine: What runs the trunk: `torch`, `openvino`, or `auto`, the fastest here.
    """

    store: Literal["disk", "none"] = "disk"
    views: Annotated[int, Field(ge=1, le=256)] = 4
    refresh: Annotated[int, Field(ge=0)] = 0
    precision: Literal["float32", "bfloat16", "int8"] = "float32"
    engine: Literal["auto", "torch", "openvino"] = "auto"


class ScheduleSpec(_Part):
    """How the learning rate moves.

    Attributes:
        name: `plateau` (times `factor` after `patience` epochs without a better validation loss),
            `cosine` (to 0 at the last step), or `constant`.
        patience: Epochs that plateau waits.
        factor: What plateau multiplies with.
        warmup: The share of all steps in which the rate rises from 0, before what `name` says; a third of
            them and `cosine` is Smith's one-cycle.
    """

    name: Literal["plateau", "cosine", "constant"] = "plateau"
    patience: Annotated[int, Field(ge=0)] = 3
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0


class TrainingSpec(_Part):
    """The loop.

    Attributes:
        epochs: Largest number of epochs.
        batch_size: Images a step.
        learning_rate: Adam's.
        weight_decay: Adam's L2 penalty.
        class_weights: `balanced`: pos_weight = negatives / positives of the training part; or `none`.
        schedule: How the learning rate falls.
        early_stopping: Epochs without improvement until training stops; 0 never stops early.
        monitor: What improvement means, for early stopping and for the best checkpoint.
        ema: Decay a step of an exponential moving average of the weights, which is then what is validated
            and kept; 0 keeps the weights themselves.
        arithmetic: `float32`; `mixed`, half precision where it is safe; or `auto`, mixed on a GPU only.
    """

    epochs: Annotated[int, Field(ge=1)] = 20
    batch_size: Annotated[int, Field(ge=2)] = 16
    learning_rate: Positive = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    class_weights: Literal["balanced", "none"] = "balanced"
    schedule: ScheduleSpec = ScheduleSpec()
    early_stopping: Annotated[int, Field(ge=0)] = 5
    monitor: Literal["val_loss", "val_auroc"] = "val_loss"
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    arithmetic: Literal["auto", "float32", "mixed"] = "auto"


class UnfreezeSpec(_Part):
    """A second stage, after the frozen epochs: more of the network learns, from pixels.

    Attributes:
        part: `none` (no second stage), `denseblock3` (from there to the head), or `all`.
        epochs: Largest number of epochs; they run a schedule of their own, cosine to 0.
        learning_rate: Of the head; every block below it has `layer_decay` times that of the one above.
        layer_decay: See there.
        warmup: The share of the steps in which the rate rises from 0.
    """

    part: Literal["none", "denseblock3", "all"] = "none"
    epochs: Annotated[int, Field(ge=1)] = 5
    learning_rate: Positive = 1e-4
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 0.5
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1


class PredictionSpec(_Part):
    """How a trained model scores an image.

    Attributes:
        flip: Average the logits of the image and its mirror image.
    """

    flip: bool = False


class EvaluationSpec(_Part):
    """What is decided before any score is seen.

    Attributes:
        primary: The primary endpoint: a finding, or `macro`, on which the fine-tuned model is compared with
            the first baseline; its test is not corrected, and all others are. None corrects all.
        margin: By how much AUROC a model may be worse and still count as not inferior.
    """

    primary: str | None = None
    margin: Annotated[float, Field(gt=0, lt=1)] | None = None


class Recipe(_Part):
    """Every choice of an experiment.

    Attributes:
        name: Shown in reports.
        seed: Chooses validation patients, augmentation, initial weights and the order of images.
        protocol: `nih8` or `nih14`.
        weights: `imagenet`, `random`, or the path of a weights file.
        baselines: Models to compare with: `linear-probe`, and `xrv:NAME` for TorchXRayVision's.
        preprocess: How a radiograph becomes the network's input.
        head: How the last feature map becomes one logit a finding.
        augmentation: Random views of a training image.
        bank: The feature bank.
        training: The loop.
        unfreeze: A second stage, in which more of the network learns.
        prediction: How the trained model scores an image.
        evaluation: What is decided before any score is seen.
    """

    name: str = "reference"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    protocol: Literal["nih8", "nih14"] = "nih8"
    weights: str = "imagenet"
    baselines: tuple[str, ...] = ("linear-probe", "xrv:densenet121-res224-nih")
    preprocess: PreprocessSpec = PreprocessSpec()
    head: HeadSpec = HeadSpec()
    augmentation: AugmentationSpec = AugmentationSpec()
    bank: BankSpec = BankSpec()
    training: TrainingSpec = TrainingSpec()
    unfreeze: UnfreezeSpec = UnfreezeSpec()
    prediction: PredictionSpec = PredictionSpec()
    evaluation: EvaluationSpec = EvaluationSpec()

    def of_training(self) -> dict[str, Any]:
        """Return what a training depends on, as JSON values: all but `evaluation`."""
        return self.model_dump(mode="json", exclude={"evaluation"})


def validate_recipe(content: dict[str, Any], where: str) -> Recipe:
    """Turn a mapping into a recipe.

    Raises:
        RecipeError: A key is unknown or its value is wrong; the first problem is named.
    """
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            raise RecipeError(
                f"unknown key {quoted(key)}",
                key=key,
                path=where,
                remedy=f"Keys there are: {', '.join(_siblings(problem['loc'][:-1]))}.",
            ) from error
        reason = _EXPECTED.get(problem["type"], re.sub(r"^Value error, ", "", problem["msg"]))
        raise RecipeError(
            f"key {quoted(key)} cannot be {fitted(repr(problem['input']), 80)}:"
            f" {reason[0].lower()}{reason[1:]}",
            key=key,
            path=where,
            remedy="The keys and their meaning stand in docs/recipes.md.",
        ) from error


def has_key(dotted: str) -> bool:
    """Return whether recipes have this key, such as `training.epochs`."""
    *parents, last = dotted.split(".")
    return last in _siblings(parents)


def _siblings(location: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Recipe
    for part in location:
        known = model.model_fields.get(str(part))
        annotation = None if known is None else known.annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
