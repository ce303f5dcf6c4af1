"""The record next to every output: its inputs, settings, program versions and time.

`cxrtune.stage` writes it last. A record on disk therefore means that its outputs are complete, and a stage
whose key (inputs, settings, version of cxrtune) equals that of the record has nothing to do.
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
    """An input of a stage.

    `sha256` is that of the bytes of a file. For a folder of images, it is that of the list of their names,
    sizes and modification times, since hashing all pixels again would take longer than the stage saves.
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
        """Describe many files by their names, sizes and modification times."""
        digest, total = hashlib.sha256(), 0
        for key in sorted(files):
            try:
                status = files[key].stat()
            except OSError:  # deleted since the folder was listed; opening it will report so
                continue
            line = f"{key}\0{status.st_size}\0{status.st_mtime_ns}\n"
            digest.update(line.encode("utf-8", "surrogatepass"))  # names need not be UTF-8
            total += status.st_size
        return cls(name, str(folder), digest.hexdigest(), total)


@dataclass(frozen=True)
class Output:
    """A file that a stage wrote."""

    name: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, folder: Path, name: str) -> Output:
        """Describe a file by its content.

        Args:
            folder: The folder of the record.
            name: The name of the file, relative to the folder.
        """
        path = folder / name
        return cls(name, sha256_of(path), path.stat().st_size)


@dataclass(frozen=True)
class Record:
    """Record of one stage. `notes` describes what was not done or omitted."""

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
    """Return whether an output is a file, judging by its name.

    A folder may be named `pack-v1.2`: only the suffixes that stages write indicate a file.
    """
    return output.suffix in _FILE_SUFFIXES


def record_path(output: Path) -> Path:
    """Return the path of the record of `output`, a file or a folder."""
    if is_file_name(output):
        return output.with_suffix(".provenance.json")
    return output / FOLDER_RECORD


def key_of(inputs: Sequence[Source], settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything that the outputs of a stage depend on."""
    essence = {
        "inputs": [(source.name, source.sha256) for source in inputs],
        "settings": settings,
        "cxrtune": version("cxrtune"),
    }
    return hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()


def is_current(output: Path, key: str) -> bool:
    """Return whether `output` was made with this key, and all its files still exist unchanged.

    A file with the right size that was not modified after the record was written counts as unchanged: hashing
    a whole pack or feature bank each time would be too expensive.

    Raises:
        DataError: The record is damaged.
    """
    path = record_path(output)
    if not path.is_file():
        return False
    record, written = read_record(path), path.stat().st_mtime_ns
    # `scores.csv` and `scores.parquet` share a record: it describes the one that was written last.
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
