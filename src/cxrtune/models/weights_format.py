"""Detect the format of a file of weights by its first bytes and its list of members, never by its name.

Nothing is unpickled here: a pickle is parsed operation by operation for the names that it imports.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from cxrtune.errors import WeightsError

Format = Literal["torch", "safetensors"]

WANTED = "Give a state dict of torchvision's densenet121, saved with torch.save or as safetensors."
_HEAD = 512  # bytes
_LEGACY_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the magic number before torch 1.6, pickled
_PICKLES_BEFORE = 3  # in such a file: magic number, protocol version, machine
_LONGEST_NAME = 80  # characters of a name from the file in a message

_UNPACK = "Unpack it, and give the file of weights inside."
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (rb"version https://git-lfs\.", "is a Git LFS pointer, not the file it stands for", "Run: git lfs pull"),
    (
        rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)",
        "is a web page (HTML): the download gave a login or an error instead of the file",
        "Fetch it again, and look at what comes.",
    ),
    (rb"\s*<\?xml", "is an XML text, such as OpenVINO's model.xml", WANTED),
    (rb"\x89HDF\r\n\x1a\n", "is an HDF5 file, as Keras and TensorFlow write them", WANTED),
    (rb"\x93NUMPY", "is a NumPy array", WANTED),
    (rb"GGUF", "is a GGUF file", WANTED),
    (rb"(?s).{257}ustar", "is a tar archive", _UNPACK),
    (rb"\x1f\x8b|BZh|\xfd7zXZ\x00|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd", "is compressed", _UNPACK),
    # The first fields of a model: the version, then the producer or the graph.
    (rb"\x08[\x01-\x20][\x12\x3a]", "is an ONNX model or a TensorFlow graph", WANTED),
    (rb"\s*[{\[]", "is a JSON text", WANTED),
)


def format_of(path: Path) -> Format:
    """Return the format of a file of weights.

    Raises:
        WeightsError: The file is something else, which the message names.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head:
        raise WeightsError("is empty (0 bytes)", path=path, remedy="Fetch it again.")
    if head.startswith(b"PK\x03\x04"):
        _require_torch_zip(path)
        return "torch"
    if head.startswith(_LEGACY_TORCH):
        return "torch"
    length = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and head[:1] != b"{":
        if length > size - 8:
            raise WeightsError(
                f"is damaged: its header alone should have {length:,} bytes, and the file has {size:,}",
                path=path,
                remedy="Fetch it again.",
            )
        return "safetensors"
    for pattern, what, remedy in _OTHERS:
        if re.match(pattern, head):
            raise WeightsError(what, path=path, remedy=remedy)
    if re.match(rb"\x80[\x02-\x05]", head):
        raise WeightsError("is a pickle that torch.save did not write", path=path, remedy=WANTED)
    raise WeightsError("is damaged, or no file of weights", path=path, remedy=WANTED)


def why_not_unpickled(path: Path) -> WeightsError:
    """Return why torch cannot read a file of its own format without running code from the file."""
    try:
        names = list(_names_in_pickle(path))
    except Exception:  # bytes that are not a pickle can make its parser raise any exception
        names = []
    foreign = [name for name in dict.fromkeys(names) if not name.startswith(("torch.", "collections."))]
    shown = ", ".join(name[:_LONGEST_NAME] for name in foreign[:3])
    if any(name.startswith("torch.nn.") for name in names):
        return WeightsError(
            f"holds a whole pickled module ({shown or names[0][:_LONGEST_NAME]}), which cxrtune does not"
            " unpickle: that would run whatever the file says",
            path=path,
            remedy="Save its state dict where it was made: torch.save(model.state_dict(), FILE).",
        )
    if foreign:
        return WeightsError(
            f"holds Python objects besides weights ({shown}), which cxrtune does not unpickle: that would"
            " run whatever the file says",
            path=path,
            remedy="Save the state dict alone where it was made: torch.save(model.state_dict(), FILE).",
        )
    return WeightsError("is damaged, or no file of weights", path=path, remedy="Fetch it again.")


def _require_torch_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise WeightsError(
            "is damaged: its list of contents is missing, as of a download that was cut off",
            path=path,
            remedy="Fetch it again.",
        ) from error
    members = {name.partition("/")[2] for name in names}
    if "constants.pkl" in members:
        raise WeightsError(
            "is a TorchScript archive: a program, not weights alone",
            path=path,
            remedy="Save its state dict: torch.save(torch.jit.load(FILE).state_dict(), OTHER).",
        )
    if "data.pkl" in members:
        return
    if "model.weights.h5" in names:
        raise WeightsError("is a Keras model", path=path, remedy=WANTED)
    if any(name.endswith(".npy") for name in names):
        raise WeightsError("is an archive of NumPy arrays", path=path, remedy=WANTED)
    raise WeightsError(
        f"is a zip archive of {len(names):,} files that torch.save did not write", path=path, remedy=_UNPACK
    )


def _names_in_pickle(path: Path) -> Iterator[str]:
    """Yield the classes and functions that a torch file imports, in order."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            for _ in range(_PICKLES_BEFORE):
                list(pickletools.genops(stream))
            yield from _asked_for(stream)
        return
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.partition("/")[2] == "data.pkl")
        with archive.open(name) as stream:
            yield from _asked_for(stream)


def _asked_for(stream: IO[bytes]) -> Iterator[str]:
    texts: list[str] = []
    for operation, argument, _ in pickletools.genops(stream):
        if operation.name == "GLOBAL":
            yield str(argument).replace(" ", ".")
        elif operation.name == "STACK_GLOBAL":
            yield ".".join(texts[-2:])
        elif isinstance(argument, str):
            texts = [*texts[-1:], argument]
