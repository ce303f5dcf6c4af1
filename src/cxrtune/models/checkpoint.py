"""The model file: weights, recipe, preprocessing, findings, thresholds and gate in one safetensors file."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from cxrtune.errors import ModelFileError
from cxrtune.files import write_whole
from cxrtune.models.densenet import ARCHITECTURE, ChestNet, build_network
from cxrtune.models.description import ModelInfo, describe, read_description
from cxrtune.models.gate.gate import Gate

MODEL = "model.safetensors"
_FORMAT = "cxrtune.model/1"
_KEY = "cxrtune"
_GATE = "gate."


def model_file(path: Path) -> Path:
    """Return the model file that a user means by a run folder or by the file itself."""
    return path / MODEL if path.is_dir() else path


def is_own_model(file: Path) -> bool:
    """Tell whether a safetensors file was written by cxrtune; one that cannot be read may have been."""
    try:
        with safe_open(file, framework="pt") as stored:
            return _KEY in (stored.metadata() or {})
    except (SafetensorError, OSError):
        return file.name == MODEL


def save_model(path: Path, network: ChestNet, info: ModelInfo, gate: Gate | None = None) -> None:
    """Write a model file, whole or not at all.

    Args:
        path: The file.
        network: Its weights.
        info: What it says of itself.
        gate: The quality gate that `info.gate` is the threshold of.

    Raises:
        OutputError: It cannot be written.
    """
    state = dict(network.state_dict())
    if gate is not None:
        state |= {_GATE + name: tensor for name, tensor in gate.state_dict().items()}
    with write_whole(path) as partial:
        # One key only: safetensors writes several in an order that changes from run to run. Strides are lost
        # in a file: it holds every tensor in its plain order.
        save_file(
            {name: tensor.contiguous() for name, tensor in state.items()},
            partial,
            {_KEY: describe(info, _FORMAT)},
        )


def load_model(path: Path) -> tuple[ChestNet, ModelInfo]:
    """Read a model file.

    Args:
        path: A run folder, or the model file itself.

    Raises:
        ModelFileError: The file is missing, damaged, no model of cxrtune, or of another architecture.
    """
    network, _, info = load_gated_model(path)
    return network, info


def load_gated_model(path: Path) -> tuple[ChestNet, Gate | None, ModelInfo]:
    """Read a model file with its quality gate, which is None in models from before there was one.

    Raises:
        ModelFileError: As `load_model`.
    """
    file, info, weights = _read(path)
    of_gate = {
        name.removeprefix(_GATE): weights.pop(name) for name in list(weights) if name.startswith(_GATE)
    }
    network = build_network(len(info.findings), info.recipe.head, info.recipe.preprocess, seed=0)
    gate = None if info.gate is None else Gate(info.recipe.preprocess.size)
    try:
        network.load_state_dict(weights, strict=True)
        if gate is not None:
            gate.load_state_dict(of_gate, strict=True)
    except RuntimeError as error:
        raise ModelFileError(
            f"its weights are not those of {ARCHITECTURE} for {len(info.findings)} findings",
            path=file,
            remedy="Use a model.safetensors that cxrtune wrote.",
        ) from error
    return network.eval(), gate, info


def read_info(path: Path) -> ModelInfo:
    """Read what a model says of itself, without its weights.

    Raises:
        ModelFileError: The file is missing, damaged or no model of cxrtune.
    """
    return _read(path, only_info=True)[1]


def _read(path: Path, *, only_info: bool = False) -> tuple[Path, ModelInfo, dict[str, Tensor]]:
    file = model_file(path)
    if not file.is_file():
        raise ModelFileError(
            "there is no such model", path=file, remedy="Name a run folder that holds model.safetensors."
        )
    try:
        with safe_open(file, framework="pt") as stored:
            info, _ = read_description((stored.metadata() or {}).get(_KEY, "{}"), _FORMAT, file)
            names = [] if only_info else list(stored.keys())
            weights = {name: stored.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise ModelFileError(
            f"is damaged or no safetensors file ({error})", path=file, remedy="Copy it again, or train again."
        ) from error
    return file, info, weights
