"""OpenVINO: the fastest engine on a CPU, in float32, bfloat16 or INT8."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cxrtune.engines.engine import Picture, Precision
from cxrtune.engines.openvino_without_telemetry import openvino
from cxrtune.engines.quantise import quantise
from cxrtune.errors import UsageError

_HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}


class OpenVinoEngine:
    """A network compiled for this CPU; several pictures are under way at once, one a stream."""

    def __init__(
        self, network: nn.Module, size: int, precision: Precision, calibration: Iterable[Picture]
    ) -> None:
        """Convert and compile a network.

        Args:
            network: Maps uint8 (N, S, S) to its output.
            size: S, in pixels.
            precision: Of the arithmetic. The default of OpenVINO, whatever is fastest here, is not taken:
                where the CPU has bfloat16 it is 4 % off.
            calibration: Pictures that int8 ranges are chosen on; only read for int8.

        Raises:
            UsageError: The precision is not to be had on this machine.
        """
        core = openvino.Core()
        if precision == "bfloat16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise UsageError(
                "this CPU has no bfloat16 arithmetic", remedy="Choose --bank-precision float32 or int8."
            )
        model = _converted(network, size)
        if precision == "int8":
            model = quantise(model, calibration)
        settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": _HINTS[precision]}
        self._compiled = core.compile_model(model, "CPU", settings)
        self.name = f"OpenVINO, {precision}"

    def stream(self, pictures: Iterable[Picture]) -> Iterator[NDArray[Any]]:
        """Run the network over pictures, uint8 (S, S); yield each one's output in turn."""
        done: dict[int, NDArray[Any]] = {}
        queue = openvino.AsyncInferQueue(self._compiled)
        queue.set_callback(lambda request, index: done.__setitem__(index, _output(request)))
        turn = 0
        for index, picture in enumerate(pictures):
            queue.start_async([np.ascontiguousarray(picture[None])], index)
            while turn in done:
                yield done.pop(turn)
                turn += 1
        queue.wait_all()
        while turn in done:
            yield done.pop(turn)
            turn += 1


def _converted(network: nn.Module, size: int) -> openvino.Model:
    example = torch.zeros((2, size, size), dtype=torch.uint8, device="cpu")
    with warnings.catch_warnings():
        # OpenVINO traces by a way that torch calls old; torch.export takes nearly twice the time.
        warnings.filterwarnings("ignore", message=r".*torch\.jit\.", category=FutureWarning)
        warnings.filterwarnings("ignore", message=r".*torch\.jit\.", category=DeprecationWarning)
        model = openvino.convert_model(network.eval(), example_input=example)
    model.reshape([-1, size, size])
    return model


def _output(request: openvino.InferRequest) -> NDArray[Any]:
    # The request's own memory is written again by the next picture.
    output: NDArray[Any] = request.get_output_tensor(0).data[0].copy()
    return output
