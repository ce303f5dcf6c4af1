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
    """A model compiled for this CPU; with the aim of throughput several images are under way at once."""

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
            model: Takes float32 (N, S, S); already quantised where the precision is int8.
            precision: Of the arithmetic. The default of OpenVINO, whatever is fastest here, is not taken:
                where the CPU has bfloat16 it is 4 % off.
            aim: Many images at once, or the shortest wait for one.
            at_once: Images that are under way at once, each on one thread, whatever the aim: their outputs
                are the same to the bit on any number of processors.

        Raises:
            UsageError: The precision is not to be had on this machine.
        """
        core = openvino.Core()
        if precision == "bfloat16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise UsageError(
                "this CPU has no bfloat16 arithmetic", remedy="Choose `bank.precision=float32` or int8."
            )
        # An image a request: with the number of images left open the network takes 5 % longer.
        fixed = model.clone()
        shape = fixed.input(0).partial_shape
        shape[0] = 1
        fixed.reshape(shape)
        settings = {"INFERENCE_PRECISION_HINT": _HINTS[precision]}
        if at_once is None:
            settings["PERFORMANCE_HINT"] = aim.upper()
        else:
            settings |= {"NUM_STREAMS": str(at_once), "INFERENCE_NUM_THREADS": str(at_once)}
            # Others decode on the same processors, or score: threads of two processes would be tied to one.
            settings["ENABLE_CPU_PINNING"] = "NO"
        with keeping_signal_stack():
            self._compiled = core.compile_model(fixed, "CPU", settings)
        # One more than run at once, so that none waits for its turn to be asked for its output.
        self._requests = self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") + 1
        self.name = f"OpenVINO, {precision}"

    def stream(self, images: Iterable[Packed]) -> Iterator[Outputs]:
        """Run the network over images, uint8 or float16 (S, S); yield each one's outputs in turn."""
        # Not openvino's own AsyncInferQueue: it calls back into Python from its threads, and a model that is
        # let go while a thread holds the callback waits for that thread, which waits for Python, for ever.
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
    """Wait for the request that was started first, and set it free."""
    request = running.popleft()
    request.wait()
    # The request's own memory is written again by the next image.
    outputs = tuple(tensor.data[0].copy() for tensor in request.output_tensors)
    free.append(request)
    return outputs
