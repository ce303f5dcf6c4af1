"""The queue file and its rows: readable by its owner only, opened with settings that make commits durable."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cxrtune.errors import DataError, OutputError, UsageError
from cxrtune.locks import take_lock

_VERSION = 1
_APPLICATION = 0x63787274  # "cxrt"
_BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE instance (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    received REAL NOT NULL,
    changed REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0,
    reason TEXT,
    size INTEGER NOT NULL,
    data BLOB
);
CREATE INDEX instance_state ON instance (state, attempts, number);
CREATE TABLE result (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    instance INTEGER NOT NULL REFERENCES instance (number) ON DELETE CASCADE,
    uid TEXT NOT NULL UNIQUE,
    sop_class TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX result_instance ON result (instance);
"""

HELD_BYTES = """
SELECT (SELECT COALESCE(SUM(size), 0) FROM instance) + (SELECT COALESCE(SUM(size), 0) FROM result)
"""
"""Query for the total bytes of all images and results."""
State = Literal["received", "scored", "done", "aside"]
"""The states of an instance: received -> scored -> done. What fails permanently is set aside."""


def open_queue(path: Path, *, make: bool) -> sqlite3.Connection:
    """Open a queue file.

    With the write-ahead log and `synchronous=FULL`, each commit is one synced append, and reading the status
    does not block the node. With the older rollback journal, a commit is durable only with `EXTRA`, since
    deleting the journal changes the folder. `secure_delete` overwrites deleted data with zeros.

    Args:
        path: Path of the file.
        make: Create the file if it does not exist.

    Raises:
        UsageError: The file does not exist.
        DataError: The file is not a queue, or has another version.
        OutputError: The file cannot be created or written.
    """
    if not path.exists():
        if not make:
            raise UsageError(
                "there is no such queue",
                path=path,
                remedy="Name the file that the node was given by `queue`.",
            )
        _make(path)
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        _prepare(connection, path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise OutputError(
                f"the queue cannot be written ({error.sqlite_errorname})",
                path=path,
                remedy="Free some space, or choose a place that you may write to with `queue`.",
            ) from error
        raise DataError(
            "is no queue of a node, or damaged", path=path, remedy="Choose another file with `queue`."
        ) from error
    return connection


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Lock a queue for exclusive use by one node.

    Raises:
        UsageError: Another node has locked it.
        OutputError: The lock file cannot be created.
    """
    with _naming_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = take_lock(path.with_name(f"{path.name}.lock"))
    if lock is None:
        raise UsageError(
            "another node works on this queue",
            path=path,
            remedy="Stop it first, or give this one a queue of its own with `queue`.",
        )
    with lock:
        yield


def _make(path: Path) -> None:
    with _naming_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite creates the log with the same permissions as the file.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


@contextmanager
def _naming_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"the queue cannot be made: {(error.strerror or 'unknown cause').lower()}",
            path=path,
            remedy="Choose a place that you may write to with `queue`.",
        ) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # The log is truncated when it is reset, since it also contains deleted data.
    settings = ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", "journal_size_limit = 0")
    for setting in settings:
        connection.execute(f"PRAGMA {setting}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have created the tables in the meantime.
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != _APPLICATION or version != _VERSION:
        raise DataError(
            f"is no queue of this version of the node: version {version}, expected {_VERSION}",
            path=path,
            remedy="Choose another file with `queue`.",
        )


@dataclass(frozen=True)
class Received:
    """An instance waiting to be scored.

    Attributes:
        number: Its row in the queue.
        data: The bytes of a DICOM file.
        received: When it was received, in seconds since 1970.
        attempts: How often scoring has been started, including this time.
    """

    number: int
    data: bytes
    received: float
    attempts: int


@dataclass(frozen=True)
class Result:
    """A data set to be stored in the archive.

    Attributes:
        uid: Its SOP Instance UID.
        sop_class: Its SOP Class UID.
        data: The bytes of a DICOM file.
    """

    uid: str
    sop_class: str
    data: bytes


@dataclass(frozen=True)
class Unsent:
    """A result that the archive has not yet accepted.

    Attributes:
        number: Its row in the queue.
        instance: The row of the instance that it belongs to.
        result: The data set.
    """

    number: int
    instance: int
    result: Result
