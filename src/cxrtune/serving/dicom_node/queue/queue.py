"""Operations on the queue: each method is one transaction, which is synced to disk when it returns."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cxrtune.errors import OutputError
from cxrtune.serving.dicom_node.queue.file import HELD_BYTES, Received, Result, Unsent, open_queue
from cxrtune.serving.dicom_node.settings import NodeLimits

_DAY = 86_400.0
_LIVE = "state IN ('received', 'scored')"


class Queue:
    """Instances and their results; can be shared between threads."""

    def __init__(self, path: Path, limits: NodeLimits | None = None) -> None:
        """Open the queue, or create it.

        Args:
            path: The queue file.
            limits: How much the queue may hold.

        Raises:
            DataError: The file is not a queue.
            OutputError: The file cannot be created or written.
        """
        self._path = path
        self._limits = limits or NodeLimits()
        self._connection = open_queue(path, make=True)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def put(self, uid: str, data: bytes) -> int | None:
        """Add an instance.

        Args:
            uid: Its SOP Instance UID; the file keeps its SHA-256.
            data: The bytes of a DICOM file.

        Returns:
            Its row, or None if the instance is already known, in any state.

        Raises:
            OutputError: The queue or the disk is full.
        """
        now = time.time()
        with self._writing() as connection:
            known = connection.execute("SELECT 1 FROM instance WHERE key = ?", (_key(uid),)).fetchone()
            if known is not None:
                return None
            self._check_room(connection, len(data))
            row = connection.execute(
                "INSERT INTO instance (key, state, received, changed, size, data) "
                "VALUES (?, 'received', ?, ?, ?, ?)",
                (_key(uid), now, now, len(data), data),
            )
            return row.lastrowid

    def begin(self, most: int, most_bytes: int) -> list[Received]:
        """Return the next instances to score, and record that scoring them has started.

        If any instance is waiting, at least one is returned, however large. Instances for which scoring was
        started before, and which may therefore have terminated the process, come after the others.
        """
        with self._writing() as connection:
            waiting = connection.execute(
                "SELECT number, size FROM instance WHERE state = 'received' "
                "ORDER BY attempts, number LIMIT ?",
                (most,),
            ).fetchall()
            taken: list[int] = []
            total = 0
            for number, size in waiting:
                total += size
                if taken and total > most_bytes:
                    break
                taken.append(number)
            marks = ",".join("?" * len(taken))
            connection.execute(
                f"UPDATE instance SET attempts = attempts + 1 WHERE number IN ({marks})", taken
            )
            rows = connection.execute(
                f"SELECT number, data, received, attempts FROM instance WHERE number IN ({marks}) "
                "ORDER BY number",
                taken,
            ).fetchall()
        return [Received(*row) for row in rows]

    def scored(self, number: int, results: Sequence[Result]) -> None:
        """Replace the bytes of an instance by its results.

        Raises:
            OutputError: The disk is full.
        """
        with self._writing() as connection:
            connection.executemany(
                "INSERT INTO result (instance, uid, sop_class, size, data) VALUES (?, ?, ?, ?, ?)",
                [(number, result.uid, result.sop_class, len(result.data), result.data) for result in results],
            )
            connection.execute(
                "UPDATE instance SET state = 'scored', changed = ?, size = 0, data = NULL, failures = 0, "
                "due = 0, reason = NULL WHERE number = ?",
                (time.time(), number),
            )

    def begun_in_vain(self, number: int) -> None:
        """Undo the record that scoring has started, if it failed for reasons unrelated to the instance."""
        with self._writing() as connection:
            connection.execute("UPDATE instance SET attempts = attempts - 1 WHERE number = ?", (number,))

    def unsent(self, most: int, *, now: float | None = None) -> list[Unsent]:
        """Return the results that are due to be sent, oldest instances first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT result.number, instance, uid, sop_class, result.data FROM result "
                "JOIN instance ON instance.number = instance "
                "WHERE state = 'scored' AND sent = 0 AND due <= ? ORDER BY instance, result.number LIMIT ?",
                (time.time() if now is None else now, most),
            ).fetchall()
        return [Unsent(number, instance, Result(*rest)) for number, instance, *rest in rows]

    def sent(self, unsent: Unsent) -> bool:
        """Record that the archive has accepted a result; after the last one, the instance is done.

        Returns:
            Whether it was the last one. Its data sets are then no longer in the queue.
        """
        with self._writing() as connection:
            connection.execute("UPDATE result SET sent = 1 WHERE number = ?", (unsent.number,))
            left = connection.execute(
                "SELECT 1 FROM result WHERE instance = ? AND sent = 0 LIMIT 1", (unsent.instance,)
            ).fetchone()
            if left is not None:
                return False
            connection.execute("DELETE FROM result WHERE instance = ?", (unsent.instance,))
            connection.execute(
                "UPDATE instance SET state = 'done', reason = NULL, changed = ? WHERE number = ?",
                (time.time(), unsent.instance),
            )
            return True

    def later(self, instance: int, seconds: float, trouble: str) -> None:
        """Postpone sending the results of an instance."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE instance SET failures = failures + 1, due = ?, reason = ? WHERE number = ?",
                (time.time() + seconds, trouble, instance),
            )

    def note_trouble(self, trouble: str) -> None:
        """Record why nothing can be sent at present, for the status."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE instance SET reason = ? WHERE state = 'scored' AND reason IS NOT ?",
                (trouble, trouble),
            )

    def failures(self, instance: int) -> int:
        """Return how often in a row sending the results of an instance has been postponed."""
        with self._lock:
            found = self._connection.execute(
                "SELECT failures FROM instance WHERE number = ?", (instance,)
            ).fetchone()
        return 0 if found is None else int(found[0])

    def set_aside(self, instance: int, reason: str) -> None:
        """Give up on an instance, and keep what exists of it for inspection by a person.

        Args:
            instance: Its row in the queue.
            reason: Why, without names and identifiers.
        """
        with self._writing() as connection:
            connection.execute(
                "UPDATE instance SET state = 'aside', reason = ?, changed = ? WHERE number = ?",
                (reason, time.time(), instance),
            )

    def waiting(self) -> int:
        """Return the number of instances that are neither done nor set aside."""
        with self._lock:
            return int(self._connection.execute(f"SELECT COUNT(*) FROM instance WHERE {_LIVE}").fetchone()[0])

    def forget(self, days: float) -> int:
        """Remove instances that were done or set aside more than `days` days ago, and return their number."""
        with self._writing() as connection:
            gone = connection.execute(
                f"DELETE FROM instance WHERE NOT {_LIVE} AND changed < ?", (time.time() - days * _DAY,)
            ).rowcount
        # Deleted data remains in the log until it is emptied. If a reader blocks that, it is done next time.
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return gone

    def _check_room(self, connection: sqlite3.Connection, more: int) -> None:
        waiting = connection.execute(f"SELECT COUNT(*) FROM instance WHERE {_LIVE}").fetchone()[0]
        held = connection.execute(HELD_BYTES).fetchone()[0]
        if waiting >= self._limits.waiting or held + more > self._limits.queue_bytes:
            raise OutputError(
                f"the queue is full: {waiting:,} instances wait, {held:,} bytes are held",
                path=self._path,
                remedy="See with `cxrtune.serving.dicom_node.queue.status` whether the archive takes the"
                " results.",
            )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                self._undo()
                # Full disk, quota, input or output error, locked for half a minute.
                raise OutputError(
                    f"the queue cannot be written ({error.sqlite_errorname})",
                    path=self._path,
                    remedy="Free some space, or choose another place with `queue`.",
                ) from error
            except BaseException:
                self._undo()
                raise

    def _undo(self) -> None:
        # SQLite has often rolled back by itself already.
        with suppress(sqlite3.OperationalError):
            self._connection.execute("ROLLBACK")


def _key(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()
