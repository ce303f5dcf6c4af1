"""The ONNX Runtime engine, for models exported to ONNX; needs the extra `onnx` of the package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from cxrtune.engines.engine import Outputs
from cxrtune.errors import UsageError
from cxrtune.images.preprocess import Packed


class OnnxEngine:
    """An ONNX model on the CPU."""

    name = "ONNX Runtime, float32"

    def __init__(self, file: Path, *, threads: int = 0) -> None:
        """Open a model that takes float32 (N, S, S).

        Args:
            file: The model.
            threads: Number of threads; 0 for one per processor.

        Raises:
            UsageError: ONNX Runtime is not installed.
        """
        try:
            import onnxruntime
        except ImportError as error:
            raise UsageError(
                "this engine needs ONNX Runtime, which is not installed",
                remedy="Install it with: pip install 'cxrtune[onnx]'",
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def stream(self, images: Iterable[Packed]) -> Iterator[Outputs]:
        """Run the model on images, uint8 or float16 (S, S); yield the outputs of each in order."""
        for image in images:
            # One at a time: in a batch, the last bits of an image's outputs would depend on the other images.
            inputs = {self._input: image[None].astype(np.float32)}
            yield tuple(output[0] for output in self._session.run(None, inputs))
