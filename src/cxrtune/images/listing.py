"""Paths and patterns given by a user -> ordered list of image files with unique names.

The list is kept in arrays: a million files take some hundred megabytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cxrtune.errors import DataError
from cxrtune.images.discover import Role, exists, expanded, search
from cxrtune.progress import Reporter
from cxrtune.shown import shown

_CHUNK = 1 << 16  # files that are Python objects at the same time

_SCHEMA = pa.schema(
    [
        ("folder", pa.int32()),
        ("file", pa.large_binary()),  # names need not be UTF-8
        ("bytes", pa.int64()),
        ("changed", pa.int64()),
        ("problem", pa.string()),
    ]
)


@dataclass(frozen=True)
class ImageFile:
    """One file to be read.

    Attributes:
        name: Its name in tables: the file name, or its path if several files have that name; bytes that are
            not UTF-8 are escaped.
        path: Its path.
        problem: Why it cannot be read, such as a folder that cannot be opened; or None.
    """

    name: str
    path: Path
    problem: str | None = None


@dataclass
class PassedOver:
    """Files in folders that are not images; hidden files are not counted.

    Attributes:
        count: Number of files.
        example: The first of them by name.
    """

    count: int = 0
    example: str = ""

    def add(self, file: os.DirEntry[str]) -> None:
        """Count a file, unless it is hidden or a link to nowhere."""
        if not file.name.startswith(".") and exists(file):
            self.count += 1
            self.example = min(self.example or file.path, file.path)

    def tell(self, stage: str, reporter: Reporter) -> None:
        """Report the number of files."""
        if self.count:
            what = "1 file is not an image" if self.count == 1 else f"{self.count:,} files are not images"
            reporter.say(f"{stage}: passed over: {what} ({shown(str(Path(self.example)))})")


@dataclass(frozen=True)
class Listing:
    """Image files, in order, without duplicates.

    Attributes:
        folders: All folders, as given by the user.
        table: One row per file: `folder` (its index), `file` (its name), `bytes`, `changed` (nanoseconds;
            null if the file no longer exists), `problem` (why it cannot be read, or null).
        shared: bool (N,), whether another file has the same name.
        passed: Files in folders that are not images.
    """

    folders: Sequence[bytes]
    table: pa.Table
    shared: NDArray[np.bool_]
    passed: PassedOver

    def slice(self, start: int, count: int) -> pa.Table:
        """Return some rows: `image` (name in tables), absolute `path`, `bytes`, `changed`, `problem`."""
        rows = self.table.slice(start, count).combine_chunks()
        here, absolute = self._places
        folder, file = rows["folder"].chunk(0), rows["file"].chunk(0)
        named = _joined(here.take(folder), file)
        image = pc.if_else(pa.array(self.shared[start : start + count]), named, file)
        return pa.table(
            {
                "image": _text(image),
                "path": _joined(absolute.take(folder), file),
                "bytes": rows["bytes"],
                "changed": rows["changed"],
                "problem": rows["problem"],
            }
        )

    def files(self) -> list[ImageFile]:
        """Return all files, with their paths as given by the user."""
        whole = self.table.combine_chunks()
        named = _joined(self._places[0].take(whole["folder"].chunk(0)), whole["file"].chunk(0))
        rows = self.slice(0, len(self.table))
        columns = (rows["image"].to_pylist(), named.to_pylist(), rows["problem"].to_pylist())
        return [
            ImageFile(image, Path(os.fsdecode(path)), problem)
            for image, path, problem in zip(*columns, strict=True)
        ]

    @cached_property
    def _places(self) -> tuple[pa.Array, pa.Array]:
        absolute = [os.path.abspath(folder) for folder in self.folders]  # noqa: PTH100 these are bytes
        return pa.array(self.folders, pa.large_binary()), pa.array(absolute, pa.large_binary())

    def digest(self) -> str:
        """Return the SHA-256 of the list of files: their names, sizes and modification times."""
        digest = hashlib.sha256()
        for start in range(0, len(self.table), _CHUNK):
            rows = self.slice(start, _CHUNK)
            for column in ("image", "path"):
                digest.update(b"\0".join(rows[column].cast(pa.large_binary()).to_pylist()))
            for column in ("bytes", "changed"):
                digest.update(np.asarray(pc.fill_null(rows[column], -1)).astype("<i8").tobytes())
        return digest.hexdigest()

    @property
    def total_bytes(self) -> int:
        """The total size of all files."""
        return int(pc.sum(self.table["bytes"]).as_py() or 0)


def list_images(inputs: Sequence[Path]) -> Listing:
    """Resolve files, folders and patterns to image files, in order, without duplicates.

    Folders are searched recursively, as described in `images.discover`. A file given by its own path is
    included whatever its name. A folder that cannot be opened becomes a row with its reason.

    Args:
        inputs: Paths, or patterns such as `study/**/*.dcm`.

    Raises:
        DataError: A path does not exist, a pattern matches nothing, or there are no images.
    """
    folders, passed = _Folders(), PassedOver()
    parts = list(_tables(inputs, folders, passed))
    table = pa.concat_tables(parts) if parts else _SCHEMA.empty_table()
    if not len(table):
        raise DataError("holds no images (PNG, JPEG, TIFF or DICOM)", path=inputs[0])
    names = table["file"].combine_chunks().dictionary_encode() if len(table) > 1 else None
    codes = np.zeros(1, np.int32) if names is None else np.asarray(names.indices)
    if len(parts) > 1 or len(inputs) > 1:
        # A file that is given twice is listed once.
        both = np.asarray(table["folder"]).astype(np.int64) * len(codes) + codes
        first = np.sort(np.unique(both, return_index=True)[1])
        if len(first) < len(codes):
            table, codes = table.take(pa.array(first)), codes[first]
    return Listing(folders.names, table, np.bincount(codes)[codes] > 1, passed)


@dataclass
class _Folders:
    """Indices of folders, by name."""

    names: list[bytes] = field(default_factory=list)
    _numbers: dict[bytes, int] = field(default_factory=dict)

    def number(self, name: bytes) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers[name]


def _tables(inputs: Sequence[Path], folders: _Folders, passed: PassedOver) -> Iterator[pa.Table]:
    alone = _Rows()
    for given in inputs:
        for path in expanded(given):
            if path.is_dir():
                yield alone.table()
                yield from _searched(path, folders, passed)
            else:
                alone.add(folders.number(os.fsencode(path.parent)), path.name, path)
    yield alone.table()


def _searched(top: Path, folders: _Folders, passed: PassedOver) -> Iterator[pa.Table]:
    for place, entries in groupby(search(top), lambda entry: entry.folder):
        number, rows = folders.number(os.fsencode(place)), _Rows()
        for entry in entries:
            if entry.file is None:
                where = Path(place)
                rows = _Rows()
                rows.add_problem(folders.number(os.fsencode(where.parent)), where.name, entry.why_closed)
            elif entry.role is Role.IMAGE:
                rows.add(number, entry.file.name, entry.file)
            elif entry.role is Role.OTHER:
                passed.add(entry.file)
        found = rows.table()
        yield found.take(pc.sort_indices(found["file"])) if len(found) > 1 else found


class _Rows:
    """Collects rows, which are converted to arrays in chunks."""

    def __init__(self) -> None:
        self._chunks: list[pa.RecordBatch] = []
        self._columns: list[list[object]] = [[] for _ in _SCHEMA]

    def add(self, folder: int, name: str, file: os.DirEntry[str] | Path) -> None:
        try:
            status = file.stat()
        except OSError:  # deleted meanwhile, or a broken link; opening it will report so
            self._append(folder, os.fsencode(name), None, None, None)
            return
        self._append(folder, os.fsencode(name), status.st_size, status.st_mtime_ns, None)

    def add_problem(self, folder: int, name: str, problem: str) -> None:
        self._append(folder, os.fsencode(name), None, None, problem)

    def table(self) -> pa.Table:
        """Return the rows collected so far, and clear them."""
        self._flush()
        found = pa.Table.from_batches(self._chunks, _SCHEMA)
        self._chunks = []
        return found

    def _append(self, *values: object) -> None:
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)
        if len(self._columns[0]) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        if self._columns[0]:
            arrays = [
                pa.array(column, kind) for column, kind in zip(self._columns, _SCHEMA.types, strict=True)
            ]
            self._chunks.append(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA))
            self._columns = [[] for _ in _SCHEMA]


def _joined(folder: pa.Array, file: pa.Array) -> pa.Array:
    """Return paths; files without a folder keep their bare name."""
    slash = pa.scalar(os.sep.encode(), pa.large_binary())
    ends = pc.ends_with(folder, os.sep.encode())
    joined = pc.binary_join_element_wise(folder, file, slash)
    after_slash = pc.binary_join_element_wise(folder, file, pa.scalar(b"", pa.large_binary()))
    bare = pc.equal(folder, pa.scalar(b".", pa.large_binary()))
    return pc.if_else(bare, file, pc.if_else(ends, after_slash, joined))


def _text(names: pa.Array) -> pa.Array:
    """Return names as text; bytes that are not UTF-8 are escaped."""
    try:
        text = names.cast(pa.large_string()).cast(pa.string())
    except pa.ArrowInvalid:
        text = None
    if text is not None and pc.all(pc.string_is_ascii(text)).as_py():
        return text
    return pa.array([shown(os.fsdecode(name)) for name in names.to_pylist()], pa.string())
