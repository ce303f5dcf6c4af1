"""The record that stands beside every output: what was read, with which settings, by what, when.

`cxrtune.stage` writes it, last. So a record on disk means that its outputs are whole, and a stage whose
key (inputs, settings, version of cxrtune) equals the record's has nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cxrtune.errors import DataError
from cxrtune.files import sha256_of

FOLDER_RECORD = "provenance.json"
_FILE_SUFFIXES = frozenset({".parquet", ".csv", ".jsonl", ".safetensors"})
_PACKAGES = (
    "cxrtune",
    "torch",
    "torchvision",
    "torchxrayvision",
    "lightning",
    "openvino",
    "numpy",
    "pandas",
    "scikit-learn",
)


@dataclass(frozen=True)
class Source:
    """One thing that a stage read.

    `sha256` is that of the file's bytes; of a folder of images, that of the list of their names,
    sizes and times of change, as hashing every pixel anew would cost more than the stage saves.
    """

    name: str
    path: str
    sha256: str
    bytes: int

    @classmethod
    def of_file(cls, name: str, path: Path) -> Source:
        """Describe a file by its content.

        Raises:
            DataError: The file cannot be read.
        """
        try:
            return cls(name, str(path), sha256_of(path), path.stat().st_size)
        except OSError as error:
            raise DataError(
                f"cannot be read: {(error.strerror or 'unknown cause').lower()}",
                path=path,
                remedy=f"Check the path of the {name}.",
            ) from error

    @classmethod
    def of_listing(cls, name: str, folder: Path, files: Mapping[str, Path]) -> Source:
        """Describe many files by their names, sizes and times of change."""
        digest, total = hashlib.sha256(), 0
        for key in sorted(files):
            try:
                status = files[key].stat()
            except OSError:  # gone since the folder was listed; whoever opens it will say so
                continue
            line = f"{key}\0{status.st_size}\0{status.st_mtime_ns}\n"
            digest.update(line.encode("utf-8", "surrogatepass"))  # names need not be UTF-8
            total += status.st_size
        return cls(name, str(folder), digest.hexdigest(), total)


@dataclass(frozen=True)
class Output:
    """One file that a stage wrote."""

    name: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, folder: Path, name: str) -> Output:
        """Describe a file by its content.

        Args:
            folder: The record's.
            name: The file's, relative to it.
        """
        path = folder / name
        return cls(name, sha256_of(path), path.stat().st_size)


@dataclass(frozen=True)
class Record:
    """What one stage did. `notes` says in words what was not done or left out."""

    stage: str
    created: str
    key: str
    inputs: list[Source]
    settings: dict[str, Any]
    counts: dict[str, Any]
    notes: list[str]
    versions: dict[str, str]
    seconds: float
    outputs: list[Output]


def is_file_name(output: Path) -> bool:
    """Return whether an output is a file by its name.

    A folder may be named `pack-v1.2`: only the suffixes that stages write tell a file.
    """
    return output.suffix in _FILE_SUFFIXES


def record_path(output: Path) -> Path:
    """Return where the record of `output`, a file or a folder, stands."""
    if is_file_name(output):
        return output.with_suffix(".provenance.json")
    return output / FOLDER_RECORD


def key_of(inputs: Sequence[Source], settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything that a stage's outputs depend on."""
    essence = {
        "inputs": [(source.name, source.sha256) for source in inputs],
        "settings": settings,
        "cxrtune": version("cxrtune"),
    }
    return hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()


def is_current(output: Path, key: str) -> bool:
    """Return whether `output` was made with this key and all its files are still there, unchanged.

    A file of the right size that was not touched after the record was written counts as unchanged:
    hashing a whole pack or bank each time would cost more than it tells.

    Raises:
        DataError: The record is damaged.
    """
    path = record_path(output)
    if not path.is_file():
        return False
    record, written = read_record(path), path.stat().st_mtime_ns
    # `scores.csv` and `scores.parquet` share a record: it speaks for the one that was written last.
    is_its_own = not is_file_name(output) or output.name in {made.name for made in record.outputs}
    if record.key != key or not is_its_own:
        return False
    return all(_is_unchanged(path.parent / made.name, made, written) for made in record.outputs)


def read_record(path: Path) -> Record:
    """Read a record.

    Raises:
        DataError: The file cannot be read, or is not a record.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["inputs"] = [Source(**source) for source in raw["inputs"]]
        raw["outputs"] = [Output(**output) for output in raw["outputs"]]
        if not (isinstance(raw["settings"], dict) and isinstance(raw["counts"], dict)):
            raise TypeError("settings and counts are mappings")
        record = Record(**raw)
    except OSError as error:
        raise DataError(
            f"cannot be read: {(error.strerror or 'unknown cause').lower()}",
            path=path,
            remedy="Name what a stage has made; its record stands beside it.",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            "is not a provenance record", path=path, remedy="Delete it; the stage will run again."
        ) from error
    return record


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _is_unchanged(path: Path, made: Output, written: int) -> bool:
    if not path.is_file():
        return False
    status = path.stat()
    return status.st_size == made.bytes and (status.st_mtime_ns <= written or sha256_of(path) == made.sha256)
