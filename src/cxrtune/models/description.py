"""The description of a model as JSON: the same text in a model file and in everything exported from it.

It is read without torch and without the weights, because running an exported model needs neither.
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
FORMAT = "cxrtune.model/2"
KEY = "cxrtune"
"""The key of the description in the metadata of a model file."""

ARCHITECTURE = "densenet121"

DISTANCES: tuple[str, ...] = ("features", "image", "pose")
"""What the OOD check measures: the distances of the backbone's pooled output and of a thumbnail from those of
training images, and how much the image differs from the upright pose."""

UPRIGHT = 0
POSES: tuple[str, ...] = tuple(
    " and ".join(part for part in (inverted, mirrored, turned) if part) or "upright"
    for inverted in ("", "inverted")
    for mirrored in ("", "mirrored")
    for turned in ("", "turned by 90 degrees", "turned by 180 degrees", "turned by 270 degrees")
)
"""Names of the poses by number: 8 x inverted + 4 x mirrored + quarter turns anticlockwise. Upright is 0."""

_REMEDY = "Use a model that cxrtune wrote."


@dataclass(frozen=True)
class GateInfo:
    """The description of a model's OOD check.

    Attributes:
        threshold: Threshold for the largest OOD score of an image; an image above it is flagged.
        fitted_on: Number of training images that the OOD check was fitted to.
        chosen_on: Number of validation images that the threshold was chosen on.
    """

    threshold: float
    fitted_on: int
    chosen_on: int


@dataclass(frozen=True)
class ModelInfo:
    """The description of a model.

    Attributes:
        findings: The findings, in the order of the logits.
        recipe: The recipe that the model was trained with, including preprocessing.
        origin: The origin of its initial weights, with their SHA-256.
        threshold_rule: How the thresholds were chosen; empty until they are.
        thresholds: Threshold by finding, a probability in [0, 1]; a finding without a threshold is left out.
        operating_points: By rule and finding: threshold, and sensitivity and specificity on validation.
        calibration: By finding: the stored fields of a calibration, fitted on validation.
        gate: The OOD check; None in models that were trained by versions without an OOD check.
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
    """Return the description of a model as JSON.

    Args:
        info: The description.
        kind: The name and version of the format that contains it.
        more: Further fields of that format.
    """
    content = asdict(info) | {"recipe": info.recipe.model_dump(mode="json")}
    return json.dumps({"format": kind, "architecture": ARCHITECTURE, **more, **content})


def read_description(text: str, kind: str, file: Path, *more: str) -> tuple[ModelInfo, dict[str, str]]:
    """Read the description of a model.

    Args:
        text: JSON, from `describe`.
        kind: The expected format.
        file: The file to name in errors.
        more: The names of further fields of this format.

    Returns:
        The description, and the values of `more`.

    Raises:
        ModelFileError: The text is damaged, of another format or of another architecture.
    """
    try:
        content: dict[str, Any] = json.loads(text)
        found, architecture = content.pop("format", "no format"), content.pop("architecture", "none")
        if found != kind and str(found).partition("/")[0] == kind.partition("/")[0]:
            raise ModelFileError(
                f"was written by another version of cxrtune: says {found}, expected {kind}",
                path=file,
                remedy="Make it again with this version: train the model, or export it.",
            )
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
    """Return the model file, given a run folder or the file itself."""
    return path / MODEL if path.is_dir() else path


def is_own_model(file: Path) -> bool:
    """Return whether cxrtune wrote a safetensors file; an unreadable file is judged by its name."""
    try:
        with safe_open(file, framework="np") as stored:
            return KEY in (stored.metadata() or {})
    except (SafetensorError, OSError):
        return file.name == MODEL


def read_info(path: Path) -> ModelInfo:
    """Read the description of a model without its weights.

    Args:
        path: A run folder, or the model file itself.

    Raises:
        ModelFileError: The file is missing, damaged or no model of cxrtune.
    """
    with opened_model(path, "np") as (_, info):
        return info


@contextmanager
def opened_model(path: Path, framework: Literal["np", "pt"]) -> Iterator[tuple[Any, ModelInfo]]:
    """Open a model file: its tensors, as arrays of a framework, and its description.

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
