"""A model on disk -> something that scores pictures, run by the engine that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from cxrtune.engines.engine import Aim, Engine
from cxrtune.engines.exported import EXPORTS, Exported, ExportKind, open_exported
from cxrtune.engines.torch_engine import TorchEngine, on_best_device
from cxrtune.errors import ModelFileError, UsageError
from cxrtune.files import sha256_of
from cxrtune.models.checkpoint import load_gated_model, model_file, read_info
from cxrtune.models.description import ModelInfo
from cxrtune.models.scoring import ScoringNet
from cxrtune.scoring.prediction import ModelIdentity

EngineChoice = Literal["auto", "torch", "openvino", "openvino-int8", "onnx"]
ENGINES: tuple[EngineChoice, ...] = ("auto", "torch", "openvino", "openvino-int8", "onnx")
TITLE = "DenseNet-121, last block fine-tuned by cxrtune"
_EXPORTED_SUFFIXES = frozenset({".onnx", ".xml"})


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to score.

    Attributes:
        info: What it says of itself.
        identity: Which model it is, and what runs it.
        engine: Runs `ScoringNet`.
    """

    info: ModelInfo
    identity: ModelIdentity
    engine: Engine


def info_of(model: Path) -> ModelInfo:
    """Read what a model or an exported model says of itself.

    Raises:
        ModelFileError: The model is missing or damaged.
        UsageError: It is an ONNX file, and the package that reads them is not installed.
    """
    return open_exported(model).info if model.suffix in _EXPORTED_SUFFIXES else read_info(model)


def load_scorer(
    model: Path,
    engine: EngineChoice = "auto",
    *,
    aim: Aim = "latency",
    at_once: int | None = None,
    batches: bool = False,
) -> LoadedModel:
    """Load a model for scoring.

    Args:
        model: A run folder, its model.safetensors, or an exported model (.onnx, .xml).
        engine: What runs it. `auto`: an exported model by its own engine; else torch on a GPU, and OpenVINO
            on a CPU. It is the same in every run on a machine, however many images there are.
        aim: Many pictures at once, or the shortest wait for one.
        at_once: Pictures that OpenVINO runs at once, a thread each, or the threads of ONNX Runtime; otherwise
            as the aim asks for.
        batches: torch runs pictures in batches, as training does. That is faster on a CPU; the last bits of
            a picture's numbers then depend on which others are run with it.

    Raises:
        ModelFileError: The model is missing or damaged.
        UsageError: The engine does not go with the model, or is not to be had here.
    """
    if model.suffix in _EXPORTED_SUFFIXES:
        return _of_export(open_exported(model), engine, aim, at_once, model)
    network, gate, info = load_gated_model(model)
    digest = sha256_of(model_file(model))
    if engine in ("openvino-int8", "onnx"):
        return _loaded(*_stored(model, engine, digest).run(aim, at_once), digest)
    scoring = ScoringNet(network, gate, flip=info.recipe.prediction.flip)
    gpu = torch.cuda.is_available()
    if engine == "torch" or (engine == "auto" and gpu):
        # Whoever waits for one picture on a GPU does not wait for a batch that is filled up.
        apart = not batches and not (gpu and aim == "latency")
        return _loaded(info, TorchEngine(on_best_device(scoring), apart=apart), digest)
    if gpu:
        raise UsageError("OpenVINO runs on the CPU, and there is a GPU here", remedy="Choose torch.")
    size = info.recipe.preprocess.size
    return _loaded(info, _openvino(model, scoring, size, aim, at_once, digest), digest)


def _openvino(
    model: Path, scoring: ScoringNet, size: int, aim: Aim, at_once: int | None, digest: str
) -> Engine:
    if _is_stored(model, "openvino", digest):
        return _stored(model, "openvino", digest).run(aim, at_once)[1]
    from cxrtune.engines.convert import to_openvino
    from cxrtune.engines.openvino_engine import OpenVinoEngine

    return OpenVinoEngine(to_openvino(scoring, size), "float32", aim, at_once=at_once)


def _is_stored(model: Path, kind: ExportKind, digest: str) -> bool:
    """Return whether an export of just this model stands in its run folder."""
    file = model_file(model).parent / EXPORTS[kind]
    return file.is_file() and open_exported(file).model_sha256 == digest


def _stored(model: Path, kind: ExportKind, digest: str) -> Exported:
    file = model_file(model).parent / EXPORTS[kind]
    if not file.is_file():
        raise ModelFileError(
            f"this model was not exported for {kind}",
            path=file,
            remedy=f"Export it with: `cxrtune.experiment.export` {model} `kind={kind}`",
        )
    exported = open_exported(file)
    if exported.model_sha256 != digest:
        raise ModelFileError(
            "this was exported from another model than the one beside it",
            path=file,
            remedy=f"Export it again with: `cxrtune.experiment.export` {model} `kind={kind}`",
        )
    return exported


def _of_export(
    exported: Exported, engine: EngineChoice, aim: Aim, at_once: int | None, model: Path
) -> LoadedModel:
    if engine not in ("auto", exported.kind):
        raise UsageError(
            f"this model was exported for {exported.kind} and is not run by {engine}",
            path=model,
            remedy=f"Leave `engine` out, or say `engine={exported.kind}`.",
        )
    return _loaded(*exported.run(aim, at_once), exported.model_sha256)


def _loaded(info: ModelInfo, engine: Engine, digest: str) -> LoadedModel:
    return LoadedModel(info, ModelIdentity(TITLE, digest, engine.name), engine)
