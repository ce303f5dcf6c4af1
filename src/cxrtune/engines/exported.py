"""Exported models: one ONNX file, or OpenVINO's pair of files, including the description of the model.

The description (findings, preprocessing, thresholds, calibration, OOD check) is the same JSON as in the model
file. It is in ONNX's metadata or OpenVINO's runtime information, under the key `cxrtune`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cxrtune.engines.engine import Aim, Engine, Precision
from cxrtune.engines.openvino_without_telemetry import openvino
from cxrtune.errors import ModelFileError, UsageError
from cxrtune.models.description import ModelInfo, read_description

ExportKind = Literal["onnx", "openvino", "openvino-int8"]
EXPORTS: dict[ExportKind, Path] = {
    "onnx": Path("export/onnx/model.onnx"),
    "openvino": Path("export/openvino/model.xml"),
    "openvino-int8": Path("export/openvino-int8/model.xml"),
}
"""The path of each kind of export in a run folder."""

FORMAT = "cxrtune.export/3"
KEY = "cxrtune"
KIND, MODEL_SHA256 = "exported_for", "model_sha256"
_REMEDY = "Export the model again with: `cxrtune.experiment.export model=MODEL kind=KIND`"


@dataclass(frozen=True)
class Exported:
    """An exported model that is opened but not yet compiled.

    Attributes:
        file: The .onnx or .xml file.
        kind: The kind of the export.
        model_sha256: SHA-256 of the model file that it was exported from.
        info: The description of the model.
    """

    file: Path
    kind: ExportKind
    model_sha256: str
    info: ModelInfo

    def run(self, aim: Aim, at_once: int | None = None) -> tuple[ModelInfo, Engine]:
        """Return the model's description and the engine that runs it, on `at_once` threads.

        Raises:
            UsageError: The engine is not installed.
        """
        if self.kind == "onnx":
            from cxrtune.engines.onnx_engine import OnnxEngine

            return self.info, OnnxEngine(self.file, threads=at_once or 0)
        from cxrtune.engines.openvino_engine import OpenVinoEngine

        precision: Precision = "int8" if self.kind == "openvino-int8" else "float32"
        return self.info, OpenVinoEngine(_read_openvino(self.file), precision, aim, at_once=at_once)


def open_exported(file: Path) -> Exported:
    """Open an exported model and read its description.

    Raises:
        ModelFileError: The file is missing, damaged, or was not exported by cxrtune.
        UsageError: It is an ONNX file, and the package that reads ONNX files is not installed.
    """
    if not file.is_file():
        raise ModelFileError("there is no such exported model", path=file, remedy=_REMEDY)
    text = _onnx_text(file) if file.suffix == ".onnx" else _openvino_text(file)
    info, more = read_description(text, FORMAT, file, KIND, MODEL_SHA256)
    kind = next((known for known in EXPORTS if known == more[KIND]), None)
    if kind is None:
        raise ModelFileError(f"says that it was exported for {more[KIND]}", path=file, remedy=_REMEDY)
    return Exported(file, kind, more[MODEL_SHA256], info)


def _onnx_text(file: Path) -> str:
    try:
        import onnx
    except ImportError as error:
        raise UsageError(
            "ONNX files need the packages onnx and onnxruntime, which are not installed",
            path=file,
            remedy="Install them with: pip install 'cxrtune[onnx]'",
        ) from error
    try:
        stored = onnx.load(file, load_external_data=False)
    except Exception as error:  # protobuf's own exceptions depend on its version
        raise ModelFileError("is damaged or no ONNX file", path=file, remedy=_REMEDY) from error
    return next((str(entry.value) for entry in stored.metadata_props if entry.key == KEY), "{}")


def _openvino_text(file: Path) -> str:
    model = _read_openvino(file)
    return str(model.get_rt_info([KEY]).value) if model.has_rt_info([KEY]) else "{}"


def _read_openvino(file: Path) -> openvino.Model:
    if not file.with_suffix(".bin").is_file():
        raise ModelFileError(
            "the weights that belong to it are missing", path=file.with_suffix(".bin"), remedy=_REMEDY
        )
    try:
        return openvino.Core().read_model(file)
    except RuntimeError as error:
        raise ModelFileError("is damaged or no OpenVINO model", path=file, remedy=_REMEDY) from error
