"""The queue's file and its rows: made for its owner alone, opened with what makes a commit safe."""

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
"""Asks for the bytes of all images and results."""
State = Literal["received", "scored", "done", "aside"]
"""The way of an instance: received -> scored -> done. What fails for good is set aside."""


def open_queue(path: Path, *, make: bool) -> sqlite3.Connection:
    """Open a queue's file.

    Write-ahead log and `synchronous=FULL`: each commit is one synced append, and whoever asks for the status
    does not hold up the node. With the older rollback journal a commit is safe only at `EXTRA`, since the
    deletion of the journal is a change of the folder. `secure_delete` overwrites what is deleted with zeros.

    Args:
        path: The file.
        make: Make it if it is not there.

    Raises:
        UsageError: It is not there.
        DataError: It is no queue, or one of another version.
        OutputError: It cannot be made or written.
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
    """Hold a queue for one node alone.

    Raises:
        UsageError: Another node holds it.
        OutputError: It cannot be made where it shall be.
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
        # SQLite gives the log beside the file the file's own permissions.
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
    # The log is cut to nothing when it begins anew: it holds what was deleted, too.
    settings = ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", "journal_size_limit = 0")
    for setting in settings:
        connection.execute(f"PRAGMA {setting}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have been quicker.
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
    """An instance that waits to be scored.

    Attributes:
        number: Its row.
        data: A DICOM file's bytes.
        received: When it came, in seconds since 1970.
        attempts: How often scoring it was begun, this time included.
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
        data: A DICOM file's bytes.
    """

    uid: str
    sop_class: str
    data: bytes


@dataclass(frozen=True)
class Unsent:
    """A result that the archive has not accepted yet.

    Attributes:
        number: Its own row.
        instance: The row of the instance that it is of.
        result: The data set.
    """

    number: int
    instance: int
    result: Result
