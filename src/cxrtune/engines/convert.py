"""Convert a torch network to an OpenVINO model."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.jit._trace import TracerWarning

from cxrtune.engines.openvino_without_telemetry import openvino


def to_openvino(network: nn.Module, size: int) -> openvino.Model:
    """Convert a network that maps float32 (N, size, size) to one output or several; N stays dynamic."""
    example = torch.zeros((2, size, size), dtype=torch.float32, device="cpu")
    with warnings.catch_warnings():
        # OpenVINO uses tracing, which torch deprecates; torch.export takes nearly twice the time.
        warnings.filterwarnings("ignore", message=r".*torch\.jit\.", category=FutureWarning)
        warnings.filterwarnings("ignore", message=r".*torch\.jit\.", category=DeprecationWarning)
        # The sizes of maps become constants, which is correct: all images have the same size.
        warnings.filterwarnings("ignore", category=TracerWarning)
        # OpenVINO itself would trace again to check that the network is deterministic: a third of the time.
        traced = torch.jit.trace(network.eval(), example, strict=False, check_trace=False)  # type: ignore[no-untyped-call]
        model = openvino.convert_model(traced, example_input=example)
    model.reshape([-1, size, size])
    return model
