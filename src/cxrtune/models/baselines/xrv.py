"""TorchXRayVision's DenseNets, run with the library's own preprocessing.

Cohen et al., "TorchXRayVision: A library of chest X-ray datasets and models", MIDL 2022. Its own
reader, scaling to [-1024, 1024], centre crop and resize are applied to the original files, so the
comparison does not depend on our preprocessing. Its weights are an old pickle of a whole module: they
are loaded by its own code, only from its own cache, and their SHA-256 is shown.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cxrtune.errors import UnreadableImageError, UsageError, WeightsError
from cxrtune.files import sha256_of
from cxrtune.images.workers import Workers
from cxrtune.models.baselines import XRV_PREFIX

with warnings.catch_warnings():
    # The package disables all warnings when it is imported; this restores the filters.
    import torchxrayvision as xrv

_CHUNK = 32
PUBLISHED_THRESHOLD = 0.5
"""TorchXRayVision scales its outputs so that the operating point of each finding has this value."""


@dataclass(frozen=True)
class XrvWeights:
    """One of TorchXRayVision's weights files.

    Attributes:
        name: Such as `densenet121-res224-nih`.
        path: The path in TorchXRayVision's cache.
        url: The URL of the published file.
    """

    name: str
    path: Path
    url: str


@dataclass(frozen=True)
class XrvScores:
    """The scores of a TorchXRayVision model for some images.

    Attributes:
        findings: The G findings that it was trained for.
        published: float32 (N, G), its published score, with the operating point at 0.5; NaN if its reader
            rejected the file.
        logits: float32 (N, G), the output of the network.
        refused: The reason by row, for rows that its reader rejected.
        sha256: SHA-256 of the weights file.
    """

    findings: tuple[str, ...]
    published: NDArray[np.float32]
    logits: NDArray[np.float32]
    refused: dict[int, str]
    sha256: str


def xrv_names() -> tuple[str, ...]:
    """Return the names of TorchXRayVision's DenseNets."""
    return tuple(name for name in xrv.models.model_urls if name.startswith("densenet"))


def xrv_weights(name: str) -> XrvWeights:
    """Return the name, path and URL of the weights of one of TorchXRayVision's DenseNets.

    Raises:
        UsageError: There is no DenseNet of that name.
    """
    if name not in xrv_names():
        raise UsageError(
            f"TorchXRayVision has no DenseNet '{name}'",
            remedy=f"Choose one of: {', '.join(XRV_PREFIX + known for known in xrv_names())}.",
        )
    url = xrv.models.model_urls[name]["weights_url"]
    return XrvWeights(name, Path(xrv.utils.get_cache_dir()) / url.rsplit("/", 1)[-1], url)


def score_with_xrv(
    name: str, files: Sequence[Path], *, workers: int, progress: Callable[[int], None] = lambda _: None
) -> XrvScores:
    """Run one of TorchXRayVision's DenseNets on image files.

    Args:
        name: Such as `densenet121-res224-nih`.
        files: The N original images.
        workers: Number of processes that read and resize; 0 to do so in this process.
        progress: Called with the number of images done since the last call.

    Raises:
        UsageError: There is no DenseNet of that name.
        WeightsError: Its weights are missing and cannot be downloaded, or they are damaged.
    """
    weights = xrv_weights(name)
    model = _load(weights)
    findings = tuple(target for target in model.targets if target)
    columns = [column for column, target in enumerate(model.targets) if target]
    logits = np.full((len(files), len(columns)), np.nan, dtype=np.float32)
    published = logits.copy()
    refused: dict[int, str] = {}
    for rows, read in _chunks_read(files, workers):
        images = {row: found for row, found in zip(rows, read, strict=True) if isinstance(found, np.ndarray)}
        refused |= {
            row: found.reason
            for row, found in zip(rows, read, strict=True)
            if isinstance(found, UnreadableImageError)
        }
        good = list(images)
        if good:
            batch = torch.from_numpy(np.stack(list(images.values())))
            with torch.inference_mode():
                raw = model.classifier(model.features2(batch))
                scaled = xrv.models.op_norm(torch.sigmoid(raw), model.op_threshs)
            logits[good] = raw[:, columns].numpy()
            published[good] = scaled[:, columns].numpy()
        progress(len(rows))
    return XrvScores(findings, published, logits, refused, sha256_of(weights.path))


Read = NDArray[np.float32] | UnreadableImageError


def _chunks_read(files: Sequence[Path], workers: int) -> Iterator[tuple[range, list[Read]]]:
    """Yield rows and their images chunk by chunk, read ahead of the network."""
    chunks = [range(start, min(start + _CHUNK, len(files))) for start in range(0, len(files), _CHUNK)]
    if workers == 0:
        yield from ((rows, [_or_error(files[row]) for row in rows]) for rows in chunks)
        return
    # Not torch's DataLoader: it forks this process, and the threads of torch and OpenVINO are lost in a fork.
    with Workers(_make_reader, workers) as decoders:
        read = decoders.read(files, _CHUNK)
        yield from ((rows, list(islice(read, len(rows)))) for rows in chunks)


def _make_reader() -> Callable[[Path], NDArray[np.float32]]:
    return _read


def _or_error(path: Path) -> Read:
    try:
        return _read(path)
    except UnreadableImageError as error:
        return error


def _read(path: Path) -> NDArray[np.float32]:
    """Read an image with TorchXRayVision's own reader and transforms."""
    crop, resize = xrv.datasets.XRayCenterCrop(), xrv.datasets.XRayResizer(224)
    try:
        with warnings.catch_warnings():
            # Inverting MONOCHROME1 is correct and needs no warning for every file.
            warnings.filterwarnings("ignore", message="Converting MONOCHROME1")
            image: NDArray[np.float32] = resize(crop(xrv.utils.load_image(str(path))))
    except Exception as error:  # its DICOM reader does not catch the errors of its libraries
        raise UnreadableImageError((str(error).splitlines() or [type(error).__name__])[0]) from error
    return image


def _load(weights: XrvWeights) -> Any:
    if not weights.path.is_file():
        _fetch(weights)
    try:
        return xrv.models.DenseNet(weights=weights.name)
    except Exception as error:  # unpickling a whole module can raise any exception
        raise WeightsError(
            f"cannot be loaded by TorchXRayVision ({type(error).__name__}: {error})",
            path=weights.path,
            remedy="Delete it and fetch it again.",
        ) from error


def _fetch(weights: XrvWeights) -> None:
    try:
        weights.path.parent.mkdir(parents=True, exist_ok=True)
        xrv.utils.download(weights.url, str(weights.path))
    except OSError as error:  # requests' errors are OSErrors too
        raise WeightsError(
            "its weights are not on this machine and could not be fetched",
            path=weights.path,
            remedy=f"Fetch {weights.url} and put it into ~/.torchxrayvision/models_data, then run again.",
        ) from error
