"""OpenVINO: the fastest engine on a CPU, in float32, bfloat16 or INT8."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from cxrtune.engines.engine import Aim, Outputs, Precision
from cxrtune.engines.openvino_without_telemetry import openvino
from cxrtune.engines.signal_stack import keeping_signal_stack
from cxrtune.errors import UsageError
from cxrtune.images.preprocess import Packed

_HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}


class OpenVinoEngine:
    """A model compiled for this CPU; with the aim `throughput`, several images are processed at once."""

    def __init__(
        self,
        model: openvino.Model,
        precision: Precision,
        aim: Aim = "throughput",
        *,
        at_once: int | None = None,
    ) -> None:
        """Compile a model.

        Args:
            model: Takes float32 (N, S, S); already quantised if the precision is int8.
            precision: The precision of the arithmetic. OpenVINO's default, the fastest precision of the CPU,
                is not used: on a CPU with bfloat16, its results differ by 4 %.
            aim: Whether to optimise the throughput of many images or the latency of a single one.
            at_once: Images that are processed at once, each on one thread, whatever the aim: their outputs
                are identical to the bit on any number of processors.

        Raises:
            UsageError: The precision is not available on this machine.
        """
        core = openvino.Core()
        if precision == "bfloat16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise UsageError(
                "this CPU has no bfloat16 arithmetic", remedy="Choose `bank.precision=float32` or int8."
            )
        # One image per request: with a dynamic number of images, the network takes 5 % longer.
        fixed = model.clone()
        shape = fixed.input(0).partial_shape
        shape[0] = 1
        fixed.reshape(shape)
        settings = {"INFERENCE_PRECISION_HINT": _HINTS[precision]}
        if at_once is None:
            settings["PERFORMANCE_HINT"] = aim.upper()
        else:
            settings |= {"NUM_STREAMS": str(at_once), "INFERENCE_NUM_THREADS": str(at_once)}
            # Other processes use the same processors: with pinning, threads of two could share one processor.
            settings["ENABLE_CPU_PINNING"] = "NO"
        with keeping_signal_stack():
            self._compiled = core.compile_model(fixed, "CPU", settings)
        # One more than are processed at once, so that no thread is idle until its output is collected.
        self._requests = self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") + 1
        self.name = f"OpenVINO, {precision}"

    def stream(self, images: Iterable[Packed]) -> Iterator[Outputs]:
        """Run the network on images, uint8 or float16 (S, S); yield the outputs of each in order."""
        # Not OpenVINO's AsyncInferQueue: its threads call back into Python, and if a model is deleted while a
        # thread runs the callback, the model waits for the thread and the thread for Python: a deadlock.
        free: list[openvino.InferRequest] = []
        running: deque[openvino.InferRequest] = deque()
        for image in images:
            if len(running) == self._requests:
                yield _finished(running, free)
            request = free.pop() if free else self._compiled.create_infer_request()
            request.start_async([np.ascontiguousarray(image[None], dtype=np.float32)])
            running.append(request)
        while running:
            yield _finished(running, free)


def _finished(running: deque[openvino.InferRequest], free: list[openvino.InferRequest]) -> Outputs:
    """Wait for the request that was started first, return its outputs and release it."""
    request = running.popleft()
    request.wait()
    # The next image overwrites the memory of the request.
    outputs = tuple(tensor.data[0].copy() for tensor in request.output_tensors)
    free.append(request)
    return outputs
