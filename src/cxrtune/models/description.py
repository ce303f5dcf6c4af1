"""What a model says of itself, as JSON: the same text in a model file and in everything exported from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cxrtune.errors import ModelFileError, RecipeError
from cxrtune.models.densenet import ARCHITECTURE
from cxrtune.models.gate.fit import GateInfo
from cxrtune.recipe import Recipe, validate_recipe

_REMEDY = "Use a model that cxrtune wrote."


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
        gate: The quality gate's threshold; None in models that were trained before there was a gate.
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
