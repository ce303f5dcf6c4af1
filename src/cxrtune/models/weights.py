"""Initial weights: ImageNet, random, or from a file; names, shapes and hashes are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import torch

from cxrtune.errors import WeightsError
from cxrtune.files import sha256_of
from cxrtune.models.checkpoint import load_model
from cxrtune.models.densenet import ChestNet
from cxrtune.models.description import MODEL, is_own_model
from cxrtune.models.foreign_weights import read_densenet
from cxrtune.models.weights_format import format_of

IMAGENET_URL = "https://download.pytorch.org/models/densenet121-a639ec97.pth"
"""Torchvision's DenseNet121_Weights.IMAGENET1K_V1."""
IMAGENET_NAME = IMAGENET_URL.rsplit("/", 1)[-1]
# The file name contains the first eight digits of the file's SHA-256.
IMAGENET_SHA256 = IMAGENET_NAME.removesuffix(".pth").rsplit("-", 1)[-1]


@dataclass(frozen=True)
class WeightsOrigin:
    """The origin of initial weights.

    Attributes:
        kind: `imagenet`, `random`, or `file`.
        sentence: One line for reports, with the SHA-256 of the file.
        sha256: SHA-256 of the file; `random` for random weights.
    """

    kind: str
    sentence: str
    sha256: str


def imagenet_path() -> Path:
    """Return the path of torchvision's ImageNet weights of DenseNet-121."""
    return Path(str(torch.hub.get_dir())) / "checkpoints" / IMAGENET_NAME


def find_imagenet(*, say: Callable[[str], None]) -> Path:
    """Return torchvision's file of ImageNet weights, downloading it if it is missing.

    Raises:
        WeightsError: The file is missing and cannot be downloaded, or its hash is wrong.
    """
    path = imagenet_path()
    if not path.is_file():
        say(f"Fetching ImageNet weights from {IMAGENET_URL}")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(
                IMAGENET_URL, str(path), hash_prefix=IMAGENET_SHA256, progress=False
            )
        except (URLError, OSError, RuntimeError) as error:
            raise WeightsError(
                f"ImageNet weights are not here and could not be fetched ({error})",
                path=path,
                remedy=_how_to_get(),
            ) from error
    return path


def weights_file(source: str) -> Path | None:
    """Return the file that `source` refers to, whether or not it exists; None for random weights."""
    match source:
        case "random":
            return None
        case "imagenet":
            return imagenet_path()
        case _:
            return Path(source) / MODEL if Path(source).is_dir() else Path(source)


def check_source(source: str, *, say: Callable[[str], None]) -> None:
    """Check that initial weights can be used, downloading those of ImageNet if necessary.

    Raises:
        WeightsError: The weights are missing, damaged, or not those of a DenseNet-121.
        ModelFileError: The file is a damaged model of cxrtune.
    """
    if source == "imagenet":
        _require_published(find_imagenet(say=say))
    elif source != "random":
        file = _existing(source)
        written = format_of(file)
        if written == "safetensors" and is_own_model(file):
            load_model(file)
        else:
            read_densenet(file, written)


def load_first_weights(
    network: ChestNet, source: str, findings: tuple[str, ...], *, say: Callable[[str], None] = lambda _: None
) -> WeightsOrigin:
    """Load the initial weights into a network.

    Args:
        network: A new network of `build_network`; changed in place.
        source: `imagenet`, `random`, a file of DenseNet-121 weights (see `read_densenet`), or a model of
            cxrtune.
        findings: The findings that the network predicts; a model of cxrtune must predict the same.
        say: Called with a message when a file is downloaded.

    Returns:
        The origin of the weights. With random weights, batch-norm must still be calibrated.

    Raises:
        WeightsError: The weights are missing, damaged, or not those of a DenseNet-121.
        ModelFileError: The file is a damaged model of cxrtune.
    """
    if source == "random":
        return WeightsOrigin(
            "random", "random weights (Kaiming), batch-norm calibrated on training images", "random"
        )
    if source == "imagenet":
        path = find_imagenet(say=say)
        digest = _require_published(path)
        _load_foreign(network, path)
        return WeightsOrigin(
            "imagenet", f"ImageNet weights of torchvision, {path.name}, SHA-256 {digest}", digest
        )
    path = _existing(source)
    if format_of(path) == "safetensors" and is_own_model(path):
        return _load_own(network, path, findings)
    place = _load_foreign(network, path)
    digest = sha256_of(path)
    return WeightsOrigin("file", f"weights of {path.name}{place}, SHA-256 {digest}", digest)


def _existing(source: str) -> Path:
    """Return the file of a source; check that it exists and, by the hash, a file named as torchvision's."""
    file = weights_file(source)
    if file is None or not file.is_file():
        raise WeightsError(
            "there is no such weights file", path=file, remedy="Give imagenet, random, or a file's path."
        )
    if file.name == IMAGENET_NAME:
        _require_published(file)
    return file


def _load_own(network: ChestNet, path: Path, findings: tuple[str, ...]) -> WeightsOrigin:
    loaded, info = load_model(path)
    if info.findings != findings:
        raise WeightsError(
            f"was trained for other findings ({', '.join(info.findings)}), expected {', '.join(findings)}",
            path=path,
            remedy="Choose the protocol that it was trained with, or start from imagenet.",
        )
    try:
        network.load_state_dict(loaded.state_dict(), strict=True)
    except RuntimeError as error:
        raise WeightsError("its head is not the recipe's", path=path, remedy="Use its own recipe.") from error
    digest = sha256_of(path)
    return WeightsOrigin("file", f"a model of cxrtune, {path.name}, SHA-256 {digest}", digest)


def _require_published(path: Path) -> str:
    """Return the SHA-256 of torchvision's file after checking its first digits."""
    digest = sha256_of(path)
    if not digest.startswith(IMAGENET_SHA256):
        raise WeightsError(
            f"is damaged: SHA-256 begins with {digest[:8]}, expected {IMAGENET_SHA256}",
            path=path,
            remedy="Delete it and fetch it again.",
        )
    return digest


def _load_foreign(network: ChestNet, path: Path) -> str:
    """Load all weights except the head; return the place of the weights in the file, in parentheses."""
    found = read_densenet(path, format_of(path))
    network.load_state_dict({_our_name(name): value for name, value in found.state.items()}, strict=False)
    return f" ({found.place})" if found.place else ""


def _our_name(name: str) -> str:
    return f"tail.{name}" if name.startswith(("denseblock4.", "norm5.")) else f"trunk.features.{name}"


def _how_to_get() -> str:
    return f"Put {IMAGENET_URL} there by hand, or go on without: `weights=random`"
