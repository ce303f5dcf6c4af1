"""Post-training quantisation to INT8 with NNCF; needs the extra `int8` of the package."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout

import numpy as np

from cxrtune.engines.openvino_without_telemetry import openvino
from cxrtune.errors import UsageError
from cxrtune.images.preprocess import Packed


def quantise(model: openvino.Model, images: Iterable[Packed], *, keep: Sequence[str] = ()) -> openvino.Model:
    """Quantise the weights and activations of a model to INT8, with ranges determined from images.

    Args:
        model: Takes float32 (N, S, S).
        images: Training images, each uint8 or float16 (S, S); a few hundred are enough.
        keep: Regular expressions; operations with matching names are not quantised.

    Raises:
        UsageError: NNCF is not installed.
    """
    # On import NNCF looks for CUDA's compiler, and torch prints a warning if it is missing.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    try:
        import nncf
    except ImportError as error:
        raise UsageError(
            "INT8 needs NNCF, which is not installed", remedy="Install it with: pip install 'cxrtune[int8]'"
        ) from error
    calibration = [image[None].astype(np.float32) for image in images]
    nncf.set_log_level(logging.ERROR)
    with redirect_stdout(io.StringIO()):  # its progress bars cannot be disabled otherwise
        return nncf.quantize(
            model,
            nncf.Dataset(calibration),
            subset_size=len(calibration),
            ignored_scope=nncf.IgnoredScope(patterns=list(keep)) if keep else None,
        )
