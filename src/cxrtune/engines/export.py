"""Export a trained model, with its description, to ONNX or OpenVINO, and check it before it is stored."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cxrtune.engines.convert import to_openvino
from cxrtune.engines.engine import Engine
from cxrtune.engines.exported import FORMAT, KEY, KIND, MODEL_SHA256, ExportKind, open_exported
from cxrtune.engines.openvino_without_telemetry import openvino
from cxrtune.engines.quantise import quantise
from cxrtune.engines.torch_engine import TorchEngine
from cxrtune.errors import CxrtuneError, UsageError
from cxrtune.files import naming_output_errors
from cxrtune.images.preprocess import Packed
from cxrtune.models.description import ModelInfo, describe
from cxrtune.models.scoring import Scores, ScoringNet

TOLERANCE = 1e-4
"""The largest accepted difference of a score, and relative difference of a class activation map."""

GATE_OPERATIONS = (r"(__module|self)\.gate[./].*",)
"""Patterns of the names of operations that stay in float32 in INT8: distances need more than eight bits."""


@dataclass(frozen=True)
class Parity:
    """The differences between an exported model and torch on the same images.

    Attributes:
        images: Number of images.
        score: The largest difference of a score.
        evidence: The largest difference of a class activation map, relative to the largest value.
        ood_score: The largest difference of an OOD score, whose scale is about 1.
    """

    images: int
    score: float
    evidence: float
    ood_score: float

    def sentence(self) -> str:
        """Return the differences as one sentence."""
        return (
            f"on {self.images:,} radiographs the largest difference from torch is"
            f" {self.score:.1e} of a score, {self.evidence:.1e} of the class activation maps,"
            f" {self.ood_score:.1e} of the OOD score"
        )


def export_model(
    scoring: ScoringNet,
    info: ModelInfo,
    digest: str,
    kind: ExportKind,
    file: Path,
    *,
    calibration: Iterable[Packed] = (),
    accept: Callable[[Engine], None],
) -> None:
    """Export a model; an earlier export is replaced only after the new one is accepted.

    Args:
        scoring: The whole network.
        info: The description of the model.
        digest: SHA-256 of the model file.
        kind: The kind of the export.
        file: The .onnx or .xml file.
        calibration: Training images from which the INT8 ranges are determined.
        accept: Checks the engine of the exported model; raises an error if it is not accurate enough.

    Raises:
        OutputError: The export cannot be written.
        UsageError: A required package is not installed.
        CxrtuneError: The exported model was not accepted.
    """
    text = describe(info, FORMAT, **{KIND: kind, MODEL_SHA256: digest})
    size = info.recipe.preprocess.size
    with _staged(file) as partial:
        if kind == "onnx":
            _write_onnx(scoring, size, text, partial)
        else:
            model = to_openvino(scoring, size)
            for output, name in zip(model.outputs, Scores._fields, strict=True):
                output.get_tensor().set_names({name})
            if kind == "openvino-int8":
                model = quantise(model, calibration, keep=GATE_OPERATIONS)
            model.set_rt_info(text, [KEY])
            openvino.save_model(model, partial, compress_to_fp16=False)
        accept(open_exported(partial).run("throughput")[1])


def parity(scoring: ScoringNet, engine: Engine, images: Sequence[Packed]) -> Parity:
    """Compare the outputs of an engine with those of torch."""
    exact, found = _outputs(TorchEngine(scoring), images), _outputs(engine, images)
    expected = torch.from_numpy(exact["logits"]).sigmoid().numpy()
    score = np.abs(torch.from_numpy(found["logits"]).sigmoid().numpy() - expected).max()
    evidence = np.abs(found["evidence"] - exact["evidence"]).max() / np.abs(exact["evidence"]).max()
    ood_score = np.abs(found["ood_score"] - exact["ood_score"]).max() if scoring.gate is not None else 0.0
    return Parity(len(images), float(score), float(evidence), float(ood_score))


def require_parity(found: Parity, file: Path) -> None:
    """Check that an exported model gives the same outputs as torch.

    Raises:
        CxrtuneError: A difference is above the tolerance.
    """
    # An OOD score is a standardised logarithm of a distance: ten times the tolerance changes no decision.
    worst = max(found.score, found.evidence, found.ood_score / 10)
    if worst > TOLERANCE:
        raise CxrtuneError(
            f"the exported model differs from torch: {found.sentence()}; at most {TOLERANCE:g} is expected",
            path=file,
            remedy="Nothing was exported. Try the other format, or another version of its package.",
        )


def _outputs(engine: Engine, images: Sequence[Packed]) -> dict[str, NDArray[Any]]:
    columns = zip(*engine.stream(images), strict=True)
    return {name: np.stack(column) for name, column in zip(Scores._fields, columns, strict=True)}


def _write_onnx(scoring: ScoringNet, size: int, text: str, file: Path) -> None:
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "ONNX needs packages that are not installed",
            remedy="Install them with: pip install 'cxrtune[onnx]'",
        ) from error
    example = torch.zeros((2, size, size), dtype=torch.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the warnings of torch's exporter do not concern our code
        program = torch.onnx.export(
            scoring,
            (example,),
            dynamo=True,
            verbose=False,
            input_names=["pixels"],
            output_names=list(Scores._fields),
            dynamic_shapes=({0: torch.export.Dim("images")},),
        )
    assert program is not None
    model = program.model_proto
    model.metadata_props.add(key=KEY, value=text)
    onnx.save(model, str(file))


@contextmanager
def _staged(file: Path) -> Iterator[Path]:
    """Yield a path in a temporary folder that replaces the file's folder if no error occurs."""
    folder = file.parent
    staging = folder.with_name(f".{folder.name}.partial")
    with naming_output_errors(file):
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        try:
            yield staging / file.name
            # The old folder is renamed first, so that one of the two is complete after any interruption.
            before = folder.with_name(f".{folder.name}.before")
            shutil.rmtree(before, ignore_errors=True)
            if folder.exists():
                folder.rename(before)
            staging.rename(folder)
            shutil.rmtree(before, ignore_errors=True)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
