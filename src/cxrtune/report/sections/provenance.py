"""Where every number comes from: each stage with its inputs, settings, counts and versions."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, duration, file_size, moment, quantity
from cxrtune.report.records import FileRecord, StageRecord

_SHORT_HASH = 12


@dataclass(frozen=True)
class FileView:
    """A file, its hash in short and in full."""

    name: str
    path: str | None
    short_hash: str
    full_hash: str | None
    size: str


@dataclass(frozen=True)
class StageView:
    """One stage, ready to print."""

    stage: str
    when: str
    took: str | None
    inputs: tuple[FileView, ...]
    outputs: tuple[FileView, ...]
    counts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ProvenanceView:
    """The stages, in the order in which they were given."""

    stages: tuple[StageView, ...]


def provenance_view(material: Material) -> ProvenanceView:
    """Show each stage's record."""
    return ProvenanceView(tuple(_stage(record) for record in material.records))


def _stage(record: StageRecord) -> StageView:
    return StageView(
        stage=record.stage,
        when=moment(record.created),
        took=None if record.seconds is None else duration(record.seconds),
        inputs=tuple(_file(file) for file in record.inputs),
        outputs=tuple(_file(file) for file in record.outputs),
        counts=tuple((key.replace("_", " "), quantity(value)) for key, value in record.counts),
        notes=record.notes,
        settings=tuple((key, _setting(value)) for key, value in record.settings),
        versions=record.versions,
    )


def _file(file: FileRecord) -> FileView:
    return FileView(
        name=file.name,
        path=file.path,
        short_hash=DASH if file.sha256 is None else f"{file.sha256[:_SHORT_HASH]}…",
        full_hash=file.sha256,
        size=DASH if file.size is None else file_size(file.size),
    )


def _setting(value: object) -> str:
    # A setting is quoted as it would be typed: a seed of 20250 is not `20,250`.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else quantity(value)
