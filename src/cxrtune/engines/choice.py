"""Choose the engine that runs a network: the one the user requested, or the fastest for the job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from torch import nn

from cxrtune.engines.engine import Engine, EngineName, Precision
from cxrtune.engines.torch_engine import TorchEngine
from cxrtune.errors import UsageError
from cxrtune.images.preprocess import Packed

# The number of images on which OpenVINO saves about the time of its conversion (benchmarks/README.md).
WORTH_CONVERTING = 600


def chosen_engine(
    name: EngineName, precision: Precision, *, images: int, on_cpu: bool
) -> Literal["torch", "openvino"]:
    """Return the engine for a job.

    Args:
        name: The requested engine; `auto` is OpenVINO on a CPU if there are enough images to justify the
            conversion or the precision is not float32, and torch otherwise.
        precision: The precision of the arithmetic.
        images: Number of images to run.
        on_cpu: Whether the network is on a CPU.

    Raises:
        UsageError: The requested engine does not support the device or the precision.
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
    """Create the engine that `chosen_engine` returned.

    Args:
        name: The engine.
        network: Maps grey values (N, S, S) to its output.
        size: S, in pixels.
        precision: The precision of the arithmetic.
        calibration: Training images, (S, S), from which the int8 ranges are determined.

    Raises:
        UsageError: The precision is not available on this machine.
    """
    if name == "torch":
        return TorchEngine(network)
    from cxrtune.engines.convert import to_openvino
    from cxrtune.engines.openvino_engine import OpenVinoEngine
    from cxrtune.engines.quantise import quantise

    model = to_openvino(network, size)
    return OpenVinoEngine(quantise(model, calibration) if precision == "int8" else model, precision)
