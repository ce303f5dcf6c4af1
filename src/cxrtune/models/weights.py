"""First weights: ImageNet's, random ones, or those of a file; names, shapes and hashes are checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor
from torchvision.models import DenseNet121_Weights

from cxrtune.errors import WeightsError
from cxrtune.files import sha256_of
from cxrtune.models.checkpoint import MODEL, load_model
from cxrtune.models.densenet import ChestNet

IMAGENET_URL: str = DenseNet121_Weights.IMAGENET1K_V1.url
IMAGENET_NAME = IMAGENET_URL.rsplit("/", 1)[-1]
# torchvision puts the first eight digits of the file's SHA-256 into its name.
IMAGENET_SHA256 = IMAGENET_NAME.removesuffix(".pth").rsplit("-", 1)[-1]


@dataclass(frozen=True)
class WeightsOrigin:
    """Where first weights came from.

    Attributes:
        kind: `imagenet`, `random`, or `file`.
        sentence: One line for reports, with the SHA-256 of the file.
        sha256: Of the file; for random weights, of the seed's name.
    """

    kind: str
    sentence: str
    sha256: str


def imagenet_path() -> Path:
    """Return where torchvision keeps its ImageNet weights of DenseNet-121."""
    return Path(str(torch.hub.get_dir())) / "checkpoints" / IMAGENET_NAME


def find_imagenet(*, say: Callable[[str], None]) -> Path:
    """Return torchvision's file of ImageNet weights, fetching it if it is not there.

    Raises:
        WeightsError: It is not there and cannot be fetched, or its hash is wrong.
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
    """Return the file that `source` means, there or not; None for random weights."""
    match source:
        case "random":
            return None
        case "imagenet":
            return imagenet_path()
        case _:
            return Path(source) / MODEL if Path(source).is_dir() else Path(source)


def check_source(source: str, *, say: Callable[[str], None]) -> None:
    """Check, before any work, that first weights are to be had; ImageNet's are fetched if need be.

    Raises:
        WeightsError: They are not.
    """
    if source == "imagenet":
        find_imagenet(say=say)
        return
    file = weights_file(source)
    if file is not None and not file.is_file():
        raise WeightsError(
            "there is no such weights file", path=file, remedy="Give imagenet, random, or a file's path."
        )


def load_first_weights(
    network: ChestNet, source: str, findings: tuple[str, ...], *, say: Callable[[str], None] = lambda _: None
) -> WeightsOrigin:
    """Fill a network with its first weights.

    Args:
        network: Fresh from `build_network`; changed in place.
        source: `imagenet`, `random`, a `.pth` of torchvision's DenseNet-121, or a model of cxrtune.
        findings: What the network predicts; a model of cxrtune must predict the same.
        say: Told when something is fetched.

    Returns:
        Where the weights came from. Random weights still want their batch-norm calibrated.

    Raises:
        WeightsError: They are missing, damaged, or not those of a DenseNet-121.
        ModelFileError: The file is a damaged model of cxrtune.
    """
    if source == "random":
        return WeightsOrigin(
            "random", "random weights (Kaiming), batch-norm calibrated on training images", "random"
        )
    if source == "imagenet":
        path = find_imagenet(say=say)
        digest = _load_torchvision(network, path)
        return WeightsOrigin(
            "imagenet", f"ImageNet weights of torchvision, {path.name}, SHA-256 {digest}", digest
        )
    check_source(source, say=say)
    path = Path(source) / MODEL if Path(source).is_dir() else Path(source)
    if path.suffix == ".safetensors":
        return _load_own(network, path, findings)
    digest = _load_torchvision(network, path)
    return WeightsOrigin("file", f"weights of {path.name}, SHA-256 {digest}", digest)


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


def _load_torchvision(network: ChestNet, path: Path) -> str:
    digest = sha256_of(path)
    if path.name == IMAGENET_NAME and not digest.startswith(IMAGENET_SHA256):
        raise WeightsError(
            f"is damaged: SHA-256 begins with {digest[:8]}, expected {IMAGENET_SHA256}",
            path=path,
            remedy="Delete it and fetch it again.",
        )
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # bytes that are no file of weights can make an unpickler raise anything
        raise WeightsError(
            "is damaged, or no file of weights", path=path, remedy="Fetch it again."
        ) from error
    if not isinstance(stored, dict) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise WeightsError("holds no table of weights", path=path, remedy=_want_densenet())
    ours = {name: value for key, value in stored.items() if (name := _our_name(key)) is not None}
    expected = {name: value for name, value in network.state_dict().items() if ".head." not in name}
    # The oldest files lack the counters of batch-norm, which nothing here reads.
    wanted = {name for name in expected if not name.endswith("num_batches_tracked")}
    missing = sorted(wanted - ours.keys())
    wrong = sorted(name for name in wanted & ours.keys() if ours[name].shape != expected[name].shape)
    surplus = sorted(ours.keys() - expected.keys())
    if missing or wrong or surplus:
        what = f"{len(missing)} weights missing, {len(wrong)} of another shape, {len(surplus)} unknown"
        example = (missing + wrong + surplus)[0]
        raise WeightsError(
            f"is not of a DenseNet-121: {what} ({example} for one)", path=path, remedy=_want_densenet()
        )
    network.load_state_dict({name: ours[name] for name in wanted}, strict=False)
    return digest


def _our_name(key: str) -> str | None:
    """Map torchvision's name of a weight to ours; None for the ImageNet classifier."""
    if key.startswith("classifier."):
        return None
    # Files from before torch 0.4 write `norm.1` for `norm1`; torchvision mends the names in the same way.
    key = re.sub(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$", r"\1\2", key).removeprefix(
        "features."
    )
    return f"tail.{key}" if key.startswith(("denseblock4.", "norm5.")) else f"trunk.features.{key}"


def _how_to_get() -> str:
    return f"Put {IMAGENET_URL} there by hand, or go on without: --weights random"


def _want_densenet() -> str:
    return "Give a state dict of torchvision's densenet121, saved with torch.save."
