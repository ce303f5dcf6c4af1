"""What a model says of itself, as JSON: the same text in a model file and in everything exported from it.

Read without torch and without the weights: who runs an exported model needs neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open

from cxrtune.errors import ModelFileError, RecipeError
from cxrtune.recipe import Recipe, validate_recipe

MODEL = "model.safetensors"
FORMAT = "cxrtune.model/1"
KEY = "cxrtune"
"""Under which a model file's metadata hold the description."""

ARCHITECTURE = "densenet121"

DISTANCES: tuple[str, ...] = ("features", "image", "pose")
"""What a gate measures: the trunk's pooled output and a thumbnail, each against those of training images, and
how unlike the upright pose the image is."""

UPRIGHT = 0
POSES: tuple[str, ...] = tuple(
    " and ".join(part for part in (inverted, mirrored, turned) if part) or "upright"
    for inverted in ("", "inverted")
    for mirrored in ("", "mirrored")
    for turned in ("", "turned by 90 degrees", "turned by 180 degrees", "turned by 270 degrees")
)
"""In words, by number: 8 x inverted + 4 x mirrored + quarter turns anticlockwise. Upright is number 0."""

_REMEDY = "Use a model that cxrtune wrote."


@dataclass(frozen=True)
class GateInfo:
    """What a model file says of its gate.

    Attributes:
        threshold: Of the largest OOD score; an image above it is flagged.
        fitted_on: Number of training images.
        chosen_on: Number of validation images.
    """

    threshold: float
    fitted_on: int
    chosen_on: int


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says of itself.

    Attributes:
        findings: The findings, in the order of the logits.
        recipe: The recipe that it was trained with, preprocessing included.
        origin: Where its first weights came from, with their SHA-256.
        threshold_rule: How the thresholds were chosen; empty before they are.
        thresholds: Probability in [0, 1] a finding; a finding without one is left out.
        operating_points: By rule and finding: threshold, and sensitivity and specificity on validation.
        calibration: By finding: the stored fields of a calibration, fitted on validation.
        gate: The OOD check's threshold; None in models that were trained before there was a gate.
    """

    findings: tuple[str, ...]
    recipe: Recipe
    origin: str
    threshold_rule: str = ""
    thresholds: dict[str, float] = field(default_factory=dict)
    operating_points: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    calibration: dict[str, dict[str, Any]] = field(default_factory=dict)
    gate: GateInfo | None = None


def describe(info: ModelInfo, kind: str, **more: str) -> str:
    """Return a model's description as JSON.

    Args:
        info: The model's.
        kind: The format that it stands in, with its version.
        more: What else that format says.
    """
    content = asdict(info) | {"recipe": info.recipe.model_dump(mode="json")}
    return json.dumps({"format": kind, "architecture": ARCHITECTURE, **more, **content})


def read_description(text: str, kind: str, file: Path, *more: str) -> tuple[ModelInfo, dict[str, str]]:
    """Read a description.

    Args:
        text: JSON, of `describe`.
        kind: The format that is expected.
        file: For the error.
        more: The names of what else this format says.

    Returns:
        The model's, and the values of `more`.

    Raises:
        ModelFileError: The text is damaged, of another format or of another architecture.
    """
    try:
        content: dict[str, Any] = json.loads(text)
        found, architecture = content.pop("format", "no format"), content.pop("architecture", "none")
        if found != kind:
            raise ModelFileError(
                f"is no model of cxrtune: says {found}, expected {kind}", path=file, remedy=_REMEDY
            )
        if architecture != ARCHITECTURE:
            raise ModelFileError(
                f"is of architecture {architecture}, expected {ARCHITECTURE}", path=file, remedy=_REMEDY
            )
        others = {name: str(content.pop(name)) for name in more}
        recipe = validate_recipe(content.pop("recipe"), str(file))
        gate = content.pop("gate", None)
        read = {"recipe": recipe, "findings": tuple(content["findings"])}
        read["gate"] = None if gate is None else GateInfo(**gate)
        return ModelInfo(**content | read), others
    except (ValueError, KeyError, TypeError, AttributeError, RecipeError) as error:
        raise ModelFileError(
            "its description is damaged or from another version", path=file, remedy=_REMEDY
        ) from error


def model_file(path: Path) -> Path:
    """Return the model file that a user means by a run folder or by the file itself."""
    return path / MODEL if path.is_dir() else path


def is_own_model(file: Path) -> bool:
    """Tell whether a safetensors file was written by cxrtune; one that cannot be read may have been."""
    try:
        with safe_open(file, framework="np") as stored:
            return KEY in (stored.metadata() or {})
    except (SafetensorError, OSError):
        return file.name == MODEL


def read_info(path: Path) -> ModelInfo:
    """Read what a model says of itself, without its weights.

    Args:
        path: A run folder, or the model file itself.

    Raises:
        ModelFileError: The file is missing, damaged or no model of cxrtune.
    """
    with opened_model(path, "np") as (_, info):
        return info


@contextmanager
def opened_model(path: Path, framework: Literal["np", "pt"]) -> Iterator[tuple[Any, ModelInfo]]:
    """Open a model file: its tensors, as arrays of a framework, and what it says of itself.

    Raises:
        ModelFileError: The file is missing, damaged or no model of cxrtune.
    """
    file = model_file(path)
    if not file.is_file():
        raise ModelFileError(
            "there is no such model", path=file, remedy="Name a run folder that holds model.safetensors."
        )
    try:
        with safe_open(file, framework=framework) as stored:
            yield stored, read_description((stored.metadata() or {}).get(KEY, "{}"), FORMAT, file)[0]
    except (SafetensorError, OSError) as error:
        raise ModelFileError(
            f"is damaged or no safetensors file ({error})", path=file, remedy="Copy it again, or train again."
        ) from error
