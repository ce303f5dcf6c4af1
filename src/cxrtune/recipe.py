"""The recipe: every choice of an experiment in one validated YAML file.

A key that is left out takes the value of the reference recipe (DESIGN, section 5); a key that does
not exist, or a value that cannot be meant, is an error that names the key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cxrtune.errors import RecipeError, UsageError

Positive = Annotated[float, Field(gt=0)]
Probability = Annotated[float, Field(ge=0, le=1)]
_EXAMPLE = "Write it like the shipped recipes; see docs/recipes.md."
_EXPECTED = {"model_type": "a mapping of keys is expected", "tuple_type": "a list is expected"}
Channels = tuple[float, float, float]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PreprocessSpec(_Part):
    """How a radiograph becomes the network's input; stored with every model.

    Attributes:
        size: Side of the square input, in pixels.
        resize: `stretch` the picture to the square, `pad` it with black to a square first, or
            `crop` its centre to a square first. NIH's pictures are square: there all three agree.
        mean: Subtracted from each channel of the grey picture in [0, 1]; default ImageNet's.
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
        views: Views of each training image; view 0 is not augmented, the others are.
    """

    views: Annotated[int, Field(ge=1, le=256)] = 4


class ScheduleSpec(_Part):
    """How the learning rate falls.

    Attributes:
        name: `plateau` (times `factor` after `patience` epochs without a better validation loss),
            `cosine` (to 0 at the last epoch), or `constant`.
        patience: Epochs that plateau waits.
        factor: What plateau multiplies with.
    """

    name: Literal["plateau", "cosine", "constant"] = "plateau"
    patience: Annotated[int, Field(ge=0)] = 3
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1


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
    """

    epochs: Annotated[int, Field(ge=1)] = 20
    batch_size: Annotated[int, Field(ge=2)] = 16
    learning_rate: Positive = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    class_weights: Literal["balanced", "none"] = "balanced"
    schedule: ScheduleSpec = ScheduleSpec()
    early_stopping: Annotated[int, Field(ge=0)] = 5
    monitor: Literal["val_loss", "val_auroc"] = "val_loss"


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


def shipped_recipes() -> tuple[str, ...]:
    """Return the names of the recipes that the package carries."""
    return tuple(sorted(entry.name[:-5] for entry in _shipped().iterdir() if entry.name.endswith(".yaml")))


def load_recipe(source: str, overrides: Sequence[str] = ()) -> Recipe:
    """Load a recipe and apply overrides.

    Args:
        source: The name of a shipped recipe, such as `reference`, or the path of a YAML file.
        overrides: `dotted.key=value`, the value in YAML, such as `training.epochs=3`.

    Raises:
        RecipeError: A key is unknown or its value is wrong.
        UsageError: There is no such recipe, it is no YAML, or an override is no `key=value`.
    """
    path = Path(source)
    if source in shipped_recipes():
        text, where = _shipped().joinpath(f"{source}.yaml").read_text(encoding="utf-8"), f"recipe {source}"
    elif path.is_file():
        text, where = _read(path), source
    else:
        raise UsageError(
            f"there is no recipe '{source}'",
            remedy=f"Give the path of a YAML file, or one of: {', '.join(shipped_recipes())}.",
        )
    content = _parse(text, where)
    for override in overrides:
        _apply(content, override)
    return validate_recipe(content, where)


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
                f"unknown key '{key}'",
                key=key,
                path=where,
                remedy=f"Keys there are: {', '.join(_siblings(problem['loc'][:-1]))}.",
            ) from error
        reason = _EXPECTED.get(problem["type"], re.sub(r"^Value error, ", "", problem["msg"]))
        raise RecipeError(
            f"key '{key}' cannot be {problem['input']!r}: {reason[0].lower()}{reason[1:]}",
            key=key,
            path=where,
            remedy="The keys and their meaning stand in docs/recipes.md.",
        ) from error


class _StrictLoader(yaml.SafeLoader):
    """YAML, but a key that stands twice is an error: of two values one would be lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return str(error).splitlines()[0]


def _shipped() -> Any:
    return files("cxrtune").joinpath("recipes")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError("is no readable text file", path=path, remedy=_EXAMPLE) from error


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        content = yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        raise UsageError(
            f"cannot be read as YAML: {_yaml_problem(error)}", path=where, remedy=_EXAMPLE
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UsageError("is no recipe: a recipe is a mapping of keys to values", path=where, remedy=_EXAMPLE)
    return content


def _apply(content: dict[str, Any], override: str) -> None:
    key, separator, value = override.partition("=")
    if not separator or not key:
        raise UsageError(f"'{override}' is no key=value", remedy="Write it like: --set training.epochs=3")
    *parents, last = key.split(".")
    for depth, parent in enumerate(parents, start=1):
        inner: Any = content.setdefault(parent, {})
        if not isinstance(inner, dict):
            holder = ".".join(parents[:depth])
            raise RecipeError(
                f"key '{holder}' holds no other keys",
                key=key,
                path="--set",
                remedy=f"Write it like: --set {holder}=VALUE",
            )
        content = inner
    try:
        content[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UsageError(
            f"'{override}' is no key=value: {_yaml_problem(error)}",
            remedy="Put quotes around a text with special characters: --set 'name=\"a: b\"'",
        ) from error


def _siblings(location: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Recipe
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
