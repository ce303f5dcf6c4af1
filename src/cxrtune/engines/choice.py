"""Which engine runs a network: the user's choice, or the fastest for the job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from torch import nn

from cxrtune.engines.engine import Engine, EngineName, Precision
from cxrtune.engines.torch_engine import TorchEngine
from cxrtune.errors import UsageError
from cxrtune.images.preprocess import Packed

# Conversion takes the time that OpenVINO gains over torch on about as many images (benchmarks/README.md).
WORTH_CONVERTING = 600


def chosen_engine(
    name: EngineName, precision: Precision, *, images: int, on_cpu: bool
) -> Literal["torch", "openvino"]:
    """Return the engine for a job.

    Args:
        name: What the user wants; `auto` is OpenVINO on a CPU, if the job is worth its conversion or
            not in float32, and else torch.
        precision: Of the arithmetic.
        images: How many there are to run.
        on_cpu: Whether the network stands on a CPU.

    Raises:
        UsageError: The wanted engine does not go with the device or the precision.
    """
    if name == "auto":
        worth_it = images >= WORTH_CONVERTING or precision != "float32"
        name = "openvino" if on_cpu and worth_it else "torch"
    if name == "torch":
        if precision != "float32":
            raise UsageError(
                f"{precision} is run by OpenVINO on a CPU only",
                remedy="Choose `bank.engine=openvino` on a machine without a GPU, or"
                " `bank.precision=float32`.",
            )
        return "torch"
    if not on_cpu:
        raise UsageError(
            "OpenVINO runs on the CPU, and there is a GPU here", remedy="Choose `bank.engine=torch`."
        )
    return "openvino"


def make_engine(
    name: Literal["torch", "openvino"],
    network: nn.Module,
    *,
    size: int,
    precision: Precision = "float32",
    calibration: Iterable[Packed] = (),
) -> Engine:
    """Make the engine that `chosen_engine` named.

    Args:
        name: The engine.
        network: Maps grey values (N, S, S) to its output.
        size: S, in pixels.
        precision: Of the arithmetic.
        calibration: Training images, (S, S), that int8 ranges are chosen on.

    Raises:
        UsageError: The precision is not to be had on this machine.
    """
    if name == "torch":
        return TorchEngine(network)
    from cxrtune.engines.convert import to_openvino
    from cxrtune.engines.openvino_engine import OpenVinoEngine
    from cxrtune.engines.quantise import quantise

    model = to_openvino(network, size)
    return OpenVinoEngine(quantise(model, calibration) if precision == "int8" else model, precision)
