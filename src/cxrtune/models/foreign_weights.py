"""Read DenseNet-121 weights saved by other tools: wrapped, prefixed, with older names, in half precision."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from cxrtune.errors import WeightsError
from cxrtune.models.densenet import densenet121_features
from cxrtune.models.weights_format import WANTED, Format, why_not_unpickled

_FIRST = "conv0.weight"
_DEEPEST = 3  # tables within tables
_OF_THE_TRUNK = re.compile(r"(conv|norm|denseblock|transition|relu|pool)\d")
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class DenseNetWeights:
    """The weights of DenseNet-121 without its classifier.

    Attributes:
        state: float32, by torchvision's names below `features.`; without the counters of batch-norm.
        place: The place of the weights in the file, in words; empty if the file contains nothing else.
    """

    state: dict[str, Tensor]
    place: str


def read_densenet(path: Path, written: Format) -> DenseNetWeights:
    """Find the only DenseNet-121 among the tables of a file.

    Raises:
        WeightsError: There is no DenseNet-121, or more than one, or its weights are not finite numbers.
    """
    tables = dict(_tables(_stored(path, written)))
    if not tables:
        raise WeightsError("holds no table of weights", path=path, remedy=WANTED)
    found, problems = [], []
    for where, table in tables.items():
        for start in _starts(table):
            body = _body(table, start)
            problem = _problem(body, start)
            if problem is None:
                found.append((_place(where, start), body))
            else:
                problems.append(problem)
    if len(found) > 1:
        places = " and ".join(place for place, _ in found[:2])
        raise WeightsError(
            f"holds {len(found)} networks: {places}", path=path, remedy="Save the one that you mean alone."
        )
    if not found:
        raise WeightsError(f"is not of a DenseNet-121: {min(problems)[1]}", path=path, remedy=WANTED)
    place, body = found[0]
    state = {name: body[name].float() for name in _expected()}
    wrong = next((name for name, value in state.items() if not torch.isfinite(value).all()), None)
    if wrong is not None:
        raise WeightsError(
            f"has weights that are not numbers, or infinite ({wrong} for one)",
            path=path,
            remedy="Save the weights of an earlier epoch.",
        )
    return DenseNetWeights(state, place)


def _stored(path: Path, written: Format) -> object:
    if written == "safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise WeightsError(
                f"is damaged: {str(error)[:200]}", path=path, remedy="Fetch it again."
            ) from error
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # arbitrary bytes can make an unpickler raise any exception
        raise why_not_unpickled(path) from error


def _tables(
    stored: object, where: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Tensor]]]:
    """Yield each table of tensors, preceded by the keys that lead to it."""
    if not isinstance(stored, Mapping):
        return
    table = {
        key: value for key, value in stored.items() if isinstance(key, str) and isinstance(value, Tensor)
    }
    if table:
        yield where, table
    if len(where) < _DEEPEST:
        for key, value in stored.items():
            yield from _tables(value, (*where, str(key)[:40]))


def _starts(table: dict[str, Tensor]) -> list[str]:
    """Return the possible prefixes of torchvision's own names: wrappers, and the name of the part."""
    starts = [key.removesuffix(_FIRST) for key in table if key.endswith(_FIRST)]
    return [start for start in starts if not start or start.endswith(".")] or [""]


def _body(table: dict[str, Tensor], start: str) -> dict[str, Tensor]:
    """Return the weights with a given prefix, by the names that torchvision uses today.

    Files from before torch 0.4 have `norm.1` instead of `norm1`, and MONAI has `layers.norm1`.
    """
    body = {}
    for key, value in table.items():
        if key.startswith(start):
            name = re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)", r"\1\2", key.removeprefix(start))
            body[re.sub(r"(denselayer\d+\.)layers\.", r"\1", name)] = value
    return body


def _problem(body: dict[str, Tensor], start: str) -> tuple[int, str] | None:
    """Return the number of missing weights of DenseNet-121, and what is wrong; None if nothing is wrong."""
    expected = _expected()
    # The classifier may be next to `features.` under any name; below `features.` nothing else is accepted.
    ours = {
        name: value
        for name, value in body.items()
        if not name.endswith(_COUNTER) and (start.endswith("features.") or _OF_THE_TRUNK.match(name))
    }
    missing = [name for name in expected if name not in ours]
    wrong = [
        f"{name} is {tuple(ours[name].shape)} and not {tuple(shape)}"
        for name, shape in expected.items()
        if name in ours and ours[name].shape != shape
    ]
    broken = [name for name in expected if name in ours and not ours[name].is_floating_point()]
    surplus = [name for name in ours if name not in expected]
    if not (missing or wrong or broken or surplus):
        return None
    counts = (
        f"{len(missing)} weights missing, {len(wrong)} of another shape, {len(surplus)} unknown"
        if not broken or missing or wrong or surplus
        else f"{len(broken)} weights are whole numbers, as of a quantised network"
    )
    return len(missing), f"{counts} ({[*missing, *wrong, *broken, *surplus][0][:100]} for one)"


def _place(where: tuple[str, ...], start: str) -> str:
    behind = start.removesuffix("features.")
    parts = [f"'{'.'.join(where)}'"] if where else []
    return ", ".join([*parts, f"names behind '{behind[:60]}'"] if behind else parts)


@cache
def _expected() -> dict[str, torch.Size]:
    with torch.device("meta"):
        state = densenet121_features().state_dict()
    return {name: value.shape for name, value in state.items() if not name.endswith(_COUNTER)}
