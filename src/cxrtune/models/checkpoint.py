"""The model file: weights, recipe, preprocessing, findings and thresholds in one safetensors file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from cxrtune.errors import ModelFileError, RecipeError
from cxrtune.files import write_whole
from cxrtune.models.densenet import ARCHITECTURE, ChestNet, build_network
from cxrtune.recipe import Recipe, validate_recipe

MODEL = "model.safetensors"
_FORMAT = "cxrtune.model/1"
_KEY = "cxrtune"


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
    """

    findings: tuple[str, ...]
    recipe: Recipe
    origin: str
    threshold_rule: str = ""
    thresholds: dict[str, float] = field(default_factory=dict)
    operating_points: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    calibration: dict[str, dict[str, Any]] = field(default_factory=dict)


def save_model(path: Path, network: ChestNet, info: ModelInfo) -> None:
    """Write a model file, whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    content = asdict(info) | {"recipe": info.recipe.model_dump(mode="json")}
    # One key only: safetensors writes several in an order that changes from run to run.
    metadata = {_KEY: json.dumps({"format": _FORMAT, "architecture": ARCHITECTURE, **content})}
    with write_whole(path) as partial:
        # Strides are lost in a file: it holds every tensor in its plain order.
        save_file(
            {name: tensor.contiguous() for name, tensor in network.state_dict().items()}, partial, metadata
        )


def load_model(path: Path) -> tuple[ChestNet, ModelInfo]:
    """Read a model file.

    Args:
        path: A run folder, or the model file itself.

    Raises:
        ModelFileError: The file is missing, damaged, no model of cxrtune, or of another architecture.
    """
    file = path / MODEL if path.is_dir() else path
    if not file.is_file():
        raise ModelFileError(
            "there is no such model", path=file, remedy="Name a run folder that holds model.safetensors."
        )
    try:
        with safe_open(file, framework="pt") as stored:
            info = _read_info(stored.metadata() or {}, file)
            weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118  not a dict
    except (SafetensorError, OSError) as error:
        raise ModelFileError(
            f"is damaged or no safetensors file ({error})", path=file, remedy="Copy it again, or train again."
        ) from error
    network = build_network(len(info.findings), info.recipe.head, info.recipe.preprocess, seed=0)
    try:
        network.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise ModelFileError(
            f"its weights are not those of {ARCHITECTURE} for {len(info.findings)} findings",
            path=file,
            remedy="Use a model.safetensors that cxrtune wrote.",
        ) from error
    return network.eval(), info


def _read_info(metadata: dict[str, str], file: Path) -> ModelInfo:
    remedy = "Use a model.safetensors that cxrtune wrote."
    try:
        content: dict[str, Any] = json.loads(metadata.get(_KEY, "{}"))
        found, architecture = content.pop("format", "no format"), content.pop("architecture", "none")
        if found != _FORMAT:
            raise ModelFileError(
                f"is no model of cxrtune: says {found}, expected {_FORMAT}", path=file, remedy=remedy
            )
        if architecture != ARCHITECTURE:
            raise ModelFileError(
                f"is of architecture {architecture}, expected {ARCHITECTURE}", path=file, remedy=remedy
            )
        recipe = validate_recipe(content.pop("recipe"), str(file))
        return ModelInfo(**content | {"recipe": recipe, "findings": tuple(content["findings"])})
    except (ValueError, KeyError, TypeError, AttributeError, RecipeError) as error:
        raise ModelFileError(
            "its description is damaged or from another version", path=file, remedy=remedy
        ) from error
