"""The model file: weights, recipe, findings, thresholds and OOD check in one safetensors file."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save_file

from cxrtune.errors import ModelFileError
from cxrtune.files import write_whole
from cxrtune.models.densenet import ChestNet, build_network
from cxrtune.models.description import (
    ARCHITECTURE,
    FORMAT,
    KEY,
    ModelInfo,
    describe,
    model_file,
    opened_model,
)
from cxrtune.models.gate import Gate

_GATE = "gate."


def save_model(path: Path, network: ChestNet, info: ModelInfo, gate: Gate | None = None) -> None:
    """Write a model file atomically.

    Args:
        path: The path of the file.
        network: The network; its weights are stored.
        info: The description of the model.
        gate: The OOD check, whose threshold is in `info.gate`.

    Raises:
        OutputError: The file cannot be written.
    """
    state = dict(network.state_dict())
    if gate is not None:
        state |= {_GATE + name: tensor for name, tensor in gate.state_dict().items()}
    with write_whole(path) as partial:
        # A single key, because safetensors writes several in an order that varies between runs. The file
        # format does not store strides: every tensor is contiguous.
        save_file(
            {name: tensor.contiguous() for name, tensor in state.items()},
            partial,
            {KEY: describe(info, FORMAT)},
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
    """Read a model file with its OOD check, which is None for models of versions without an OOD check.

    Raises:
        ModelFileError: As for `load_model`.
    """
    with opened_model(path, "pt") as (stored, info):
        weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 it is no mapping
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
            path=model_file(path),
            remedy="Use a model.safetensors that cxrtune wrote.",
        ) from error
    return network.eval(), gate, info
