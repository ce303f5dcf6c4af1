"""The record that stands beside every output: what was read, with which settings, by what, when.

The record is written last. So a record on disk means that its outputs are whole, and a stage whose
key (inputs, settings, version of cxrtune) equals the record's has nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cxrtune.errors import DataError
from cxrtune.files import sha256_of, write_text

FOLDER_RECORD = "provenance.json"
_PACKAGES = (
    "cxrtune",
    "torch",
    "torchvision",
    "torchxrayvision",
    "lightning",
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
        """Describe a file by its content."""
        return cls(name, str(path), sha256_of(path), path.stat().st_size)

    @classmethod
    def of_listing(cls, name: str, folder: Path, files: Mapping[str, Path]) -> Source:
        """Describe many files by their names, sizes and times of change."""
        digest, total = hashlib.sha256(), 0
        for key in sorted(files):
            status = files[key].stat()
            digest.update(f"{key}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
            total += status.st_size
        return cls(name, str(folder), digest.hexdigest(), total)


@dataclass(frozen=True)
class Output:
    """One file that a stage wrote."""

    name: str
    sha256: str
    bytes: int


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


@dataclass
class Draft:
    """What a stage fills in while it works."""

    counts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def record_path(output: Path) -> Path:
    """Return where the record of `output`, a file or a folder, stands."""
    return output / FOLDER_RECORD if output.suffix == "" else output.with_suffix(".provenance.json")


def key_of(inputs: Sequence[Source], settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything that a stage's outputs depend on."""
    essence = {
        "inputs": [(source.name, source.sha256) for source in inputs],
        "settings": settings,
        "cxrtune": version("cxrtune"),
    }
    return hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()


def is_current(output: Path, key: str) -> bool:
    """Return whether `output` was made with this key and all its files are still there, unchanged in size."""
    path = record_path(output)
    if not path.exists():
        return False
    record = read_record(path)
    folder = path.parent
    return record.key == key and all(
        (folder / made.name).is_file() and (folder / made.name).stat().st_size == made.bytes
        for made in record.outputs
    )


@contextmanager
def recording(
    stage: str, output: Path, inputs: Sequence[Source], settings: Mapping[str, Any], made: Sequence[str]
) -> Iterator[Draft]:
    """Run a stage and, when it succeeded, write its record.

    Args:
        stage: The stage's name.
        output: The file or folder that the stage makes.
        inputs: What it reads.
        settings: What it is told; must be JSON.
        made: Names of the files it makes, relative to the record's folder.

    Yields:
        A draft for the counts and the notes.
    """
    path = record_path(output)
    path.unlink(missing_ok=True)
    draft, started = Draft(), time.monotonic()
    yield draft
    record = Record(
        stage=stage,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        key=key_of(inputs, settings),
        inputs=list(inputs),
        settings=dict(settings),
        counts=draft.counts,
        notes=draft.notes,
        versions=versions(),
        seconds=round(time.monotonic() - started, 3),
        outputs=[_output(path.parent, name) for name in made],
    )
    write_text(path, json.dumps(asdict(record), indent=2) + "\n")


def read_record(path: Path) -> Record:
    """Read a record.

    Raises:
        DataError: The file is not a record.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["inputs"] = [Source(**source) for source in raw["inputs"]]
        raw["outputs"] = [Output(**output) for output in raw["outputs"]]
        return Record(**raw)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            "is not a provenance record", path=path, remedy="Delete it; the stage will run again."
        ) from error


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _output(folder: Path, name: str) -> Output:
    path = folder / name
    return Output(name, sha256_of(path), path.stat().st_size)
