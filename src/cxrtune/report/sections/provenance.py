"""The origin of the results: each stage with its inputs, settings, counts and versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cxrtune.provenance import Output, Record, Source
from cxrtune.report.material import Material
from cxrtune.report.notation import duration, file_size, moment, quantity

_SHORT_HASH = 12


@dataclass(frozen=True)
class FileView:
    """A file with its short and full hash."""

    name: str
    path: str | None
    short_hash: str
    full_hash: str
    size: str


@dataclass(frozen=True)
class StageView:
    """One stage, formatted for display."""

    stage: str
    when: str
    took: str
    inputs: tuple[FileView, ...]
    outputs: tuple[FileView, ...]
    counts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ProvenanceView:
    """The stages, in the given order."""

    stages: tuple[StageView, ...]


def provenance_view(material: Material) -> ProvenanceView:
    """Return the record of each stage."""
    return ProvenanceView(tuple(_stage(record) for record in material.records))


def _stage(record: Record) -> StageView:
    return StageView(
        stage=record.stage,
        when=moment(record.created),
        took=duration(record.seconds),
        inputs=tuple(_file(source, source.path) for source in record.inputs),
        outputs=tuple(_file(output, None) for output in record.outputs),
        counts=tuple((key.replace("_", " "), quantity(value)) for key, value in record.counts.items()),
        notes=tuple(record.notes),
        settings=tuple((key, _setting(value)) for key, value in _flattened(record.settings)),
        versions=tuple(record.versions.items()),
    )


def _file(file: Source | Output, path: str | None) -> FileView:
    return FileView(
        name=file.name,
        path=path,
        short_hash=f"{file.sha256[:_SHORT_HASH]}…",
        full_hash=file.sha256,
        size=file_size(file.bytes),
    )


def _flattened(settings: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in settings.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flattened(value, f"{dotted}.")
        elif isinstance(value, list):
            yield dotted, ", ".join(str(item) for item in value)
        else:
            yield dotted, value


def _setting(value: object) -> str:
    # Settings are shown as they would be typed: a seed of 20250 is not `20,250`.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else quantity(value)
