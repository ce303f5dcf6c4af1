"""Provenance records, read for showing: when a stage ran, on what, with which settings, how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cxrtune.errors import DataError
from cxrtune.report.inputs import read_json


@dataclass(frozen=True)
class FileRecord:
    """A file that a stage read or wrote; a folder or a remote input has no hash."""

    name: str
    path: str | None
    sha256: str | None
    size: int | None


@dataclass(frozen=True)
class StageRecord:
    """What one stage noted about itself; `settings` are flattened to dotted keys."""

    stage: str
    created: str
    inputs: tuple[FileRecord, ...]
    outputs: tuple[FileRecord, ...]
    settings: tuple[tuple[str, object], ...]
    counts: tuple[tuple[str, object], ...]
    notes: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    seconds: float | None


def read_record(path: Path) -> StageRecord:
    """Read one provenance record.

    Raises:
        DataError: The file is missing, is not JSON, or is not a provenance record.
    """
    record = read_json(path)
    if not isinstance(record, dict) or not isinstance(record.get("stage"), str):
        raise DataError(
            "not a provenance record: no `stage`", path=path, remedy="Give files that cxrtune's stages wrote."
        )
    seconds = record.get("seconds")
    return StageRecord(
        stage=record["stage"],
        created=str(record.get("created", "")),
        inputs=_files(record.get("inputs")),
        outputs=_files(record.get("outputs")),
        settings=tuple(_flattened(record.get("settings"))),
        counts=tuple(_mapping(record.get("counts")).items()),
        notes=tuple(str(note) for note in _sequence(record.get("notes"))),
        versions=tuple((key, str(value)) for key, value in _mapping(record.get("versions")).items()),
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
    )


def _files(value: object) -> tuple[FileRecord, ...]:
    entries = (_mapping(entry) for entry in _sequence(value))
    return tuple(
        FileRecord(
            name=str(entry.get("name", "")),
            path=_text(entry.get("path")),
            sha256=_text(entry.get("sha256")),
            size=size if isinstance(size := entry.get("bytes"), int) else None,
        )
        for entry in entries
    )


def _flattened(value: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, inner in _mapping(value).items():
        dotted = f"{prefix}{key}"
        if isinstance(inner, Mapping) and inner:
            yield from _flattened(inner, f"{dotted}.")
        elif isinstance(inner, list):
            yield dotted, ", ".join(str(item) for item in inner)
        else:
            yield dotted, inner


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return None if value is None else str(value)
