"""Load a model from disk for scoring with the requested engine.

torch is imported only if it runs or converts the model.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cxrtune.engines.engine import Aim, Engine
from cxrtune.engines.exported import EXPORTS, Exported, ExportKind, open_exported
from cxrtune.errors import ModelFileError, UsageError
from cxrtune.files import sha256_of
from cxrtune.models.description import ModelInfo, model_file, read_info
from cxrtune.scoring.prediction import ModelIdentity
from cxrtune.shown import quoted

if TYPE_CHECKING:
    from cxrtune.models.scoring import ScoringNet

EngineChoice = Literal["auto", "torch", "openvino", "openvino-int8", "onnx"]
ENGINES: tuple[EngineChoice, ...] = ("auto", "torch", "openvino", "openvino-int8", "onnx")
TITLE = "DenseNet-121, last block fine-tuned by cxrtune"
_EXPORTED_SUFFIXES = frozenset({".onnx", ".xml"})


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to score.

    Attributes:
        info: The description of the model.
        identity: The identity of the model and its engine.
        engine: The engine that runs `ScoringNet`.
    """

    info: ModelInfo
    identity: ModelIdentity
    engine: Engine


def info_of(model: Path) -> ModelInfo:
    """Read the description of a model or an exported model.

    Raises:
        ModelFileError: The model is missing or damaged.
        UsageError: It is an ONNX file, and the package that reads ONNX files is not installed.
    """
    return open_exported(model).info if model.suffix in _EXPORTED_SUFFIXES else read_info(model)


def engine_named(name: str) -> EngineChoice:
    """Return the engine with a given name.

    Raises:
        UsageError: There is no engine of that name.
    """
    for engine in ENGINES:
        if name == engine:
            return engine
    raise UsageError(f"there is no engine {quoted(name)}", remedy=f"Choose one of: {', '.join(ENGINES)}.")


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
        engine: The engine that runs it. With `auto`, an exported model runs on the engine that it was
            exported for, any other model on torch if there is a GPU and else on OpenVINO. The choice is the
            same in every run on a machine, whatever the number of images.
        aim: Whether to optimise the throughput of many images or the latency of a single one.
        at_once: Number of images that torch and OpenVINO run at once on a CPU, each on one thread, or number
            of threads of ONNX Runtime; by default one per processor, or according to the aim.
        batches: Whether torch runs images in batches, as in training. This is faster on a CPU, but the last
            bits of an image's outputs then depend on the other images of its batch.

    Raises:
        ModelFileError: The model is missing or damaged.
        UsageError: The engine does not support the model, or is not available on this machine.
    """
    if model.suffix in _EXPORTED_SUFFIXES:
        return _of_export(open_exported(model), engine, aim, at_once, model)
    info, digest = read_info(model), sha256_of(model_file(model))
    if engine in ("openvino-int8", "onnx"):
        return _loaded(*_stored(model, engine, digest).run(aim, at_once), digest)
    gpu = _has_gpu()
    if engine == "torch" or (engine == "auto" and gpu):
        # For low latency of single images on a GPU, batches are not filled with blank images.
        apart = not batches and not (gpu and aim == "latency")
        return _loaded(info, _by_torch(model, at_once, apart=apart), digest)
    if gpu:
        raise UsageError("OpenVINO runs on the CPU, and there is a GPU here", remedy="Choose torch.")
    stored = _stored_of(model, "openvino")
    if stored is not None and stored.model_sha256 == digest:
        return _loaded(info, stored.run(aim, at_once)[1], digest)
    return _loaded(info, _converted(model, info.recipe.preprocess.size, aim, at_once), digest)


def _has_gpu() -> bool:
    """Return whether torch can use a GPU; without a GPU driver, the slow import of torch is avoided."""
    if sys.platform == "linux" and "torch" not in sys.modules:
        try:
            ctypes.CDLL("libcuda.so.1")
        except OSError:
            if not Path("/dev/kfd").exists():  # AMD's
                return False
    import torch

    return torch.cuda.is_available()


def _by_torch(model: Path, at_once: int | None, *, apart: bool) -> Engine:
    from cxrtune.engines.torch_engine import TorchEngine, on_best_device

    return TorchEngine(on_best_device(_network(model)), apart=apart, at_once=at_once)


def _converted(model: Path, size: int, aim: Aim, at_once: int | None) -> Engine:
    from cxrtune.engines.convert import to_openvino
    from cxrtune.engines.openvino_engine import OpenVinoEngine

    return OpenVinoEngine(to_openvino(_network(model), size), "float32", aim, at_once=at_once)


def _network(model: Path) -> ScoringNet:
    from cxrtune.models.checkpoint import load_gated_model
    from cxrtune.models.scoring import ScoringNet

    network, gate, info = load_gated_model(model)
    return ScoringNet(network, gate, flip=info.recipe.prediction.flip)


def _stored_of(model: Path, kind: ExportKind) -> Exported | None:
    """Return the export in a model's run folder, if there is one."""
    file = model_file(model).parent / EXPORTS[kind]
    return open_exported(file) if file.is_file() else None


def _stored(model: Path, kind: ExportKind, digest: str) -> Exported:
    """Return the export of exactly this model in its run folder.

    Raises:
        ModelFileError: There is no export, or it was made from another model.
    """
    exported, file = _stored_of(model, kind), model_file(model).parent / EXPORTS[kind]
    if exported is None:
        raise ModelFileError(
            f"this model was not exported for {kind}",
            path=file,
            remedy=f"Export it with: `cxrtune.experiment.export` {model} `kind={kind}`",
        )
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
