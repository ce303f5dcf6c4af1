"""A model on disk -> something that scores images, run by the engine that was asked for.

torch is loaded only where it runs, or converts, the model.
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


def engine_named(name: str) -> EngineChoice:
    """Return the engine that a user named.

    Raises:
        UsageError: There is no such engine.
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
        engine: What runs it. `auto`: an exported model by its own engine; else torch on a GPU, and OpenVINO
            on a CPU. It is the same in every run on a machine, however many images there are.
        aim: Many images at once, or the shortest wait for one.
        at_once: Images that torch and OpenVINO run at once on a CPU, a thread each, or the threads of ONNX
            Runtime; otherwise one per processor, or as the aim asks for.
        batches: torch runs images in batches, as training does. That is faster on a CPU; the last bits of
            an image's numbers then depend on which others are run with it.

    Raises:
        ModelFileError: The model is missing or damaged.
        UsageError: The engine does not go with the model, or is not to be had here.
    """
    if model.suffix in _EXPORTED_SUFFIXES:
        return _of_export(open_exported(model), engine, aim, at_once, model)
    info, digest = read_info(model), sha256_of(model_file(model))
    if engine in ("openvino-int8", "onnx"):
        return _loaded(*_stored(model, engine, digest).run(aim, at_once), digest)
    gpu = _has_gpu()
    if engine == "torch" or (engine == "auto" and gpu):
        # Whoever waits for one image on a GPU does not wait for a batch that is filled up.
        apart = not batches and not (gpu and aim == "latency")
        return _loaded(info, _by_torch(model, at_once, apart=apart), digest)
    if gpu:
        raise UsageError("OpenVINO runs on the CPU, and there is a GPU here", remedy="Choose torch.")
    stored = _stored_of(model, "openvino")
    if stored is not None and stored.model_sha256 == digest:
        return _loaded(info, stored.run(aim, at_once)[1], digest)
    return _loaded(info, _converted(model, info.recipe.preprocess.size, aim, at_once), digest)


def _has_gpu() -> bool:
    """Return whether torch can use a GPU; it takes seconds to load, and is not where no GPU has a driver."""
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
    """Return the export that stands in a model's run folder, if there is one."""
    file = model_file(model).parent / EXPORTS[kind]
    return open_exported(file) if file.is_file() else None


def _stored(model: Path, kind: ExportKind, digest: str) -> Exported:
    """Return the export of just this model in its run folder.

    Raises:
        ModelFileError: There is none.
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
