"""The queue as an operator sees it: counts and reasons, no names."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cxrtune.serving.dicom_node.queue.file import HELD_BYTES, State, open_queue

STATES: tuple[State, ...] = ("received", "scored", "done", "aside")


@dataclass(frozen=True)
class Status:
    """Content of a queue.

    Attributes:
        counts: Number of instances by state.
        waiting_reasons: Why results have not been accepted yet: number of instances by reason.
        aside_reasons: Why instances were set aside: number of instances by reason.
        held_bytes: Total size of images and results.
        oldest_seconds: Time since the oldest unfinished instance was received; None if none is waiting.
    """

    counts: dict[State, int]
    waiting_reasons: dict[str, int]
    aside_reasons: dict[str, int]
    held_bytes: int
    oldest_seconds: float | None


def read_status(path: Path) -> Status:
    """Read a queue, whether or not a node is running on it.

    Raises:
        UsageError: The queue does not exist.
        DataError: The file is not a queue.
    """
    with closing(open_queue(path, make=False)) as connection:
        connection.execute("BEGIN")
        found = dict(connection.execute("SELECT state, COUNT(*) FROM instance GROUP BY state"))
        reasons = connection.execute(
            "SELECT state, reason, COUNT(*) FROM instance WHERE reason IS NOT NULL GROUP BY state, reason"
        ).fetchall()
        (held,) = connection.execute(HELD_BYTES).fetchone()
        (oldest,) = connection.execute(
            "SELECT MIN(received) FROM instance WHERE state IN ('received', 'scored')"
        ).fetchone()
        connection.execute("COMMIT")
    return Status(
        counts={state: found.get(state, 0) for state in STATES},
        waiting_reasons={
            reason: count for state, reason, count in reasons if state in ("received", "scored")
        },
        aside_reasons={reason: count for state, reason, count in reasons if state == "aside"},
        held_bytes=held,
        oldest_seconds=None if oldest is None else time.time() - oldest,
    )


def put_back(path: Path) -> int:
    """Requeue the instances that were set aside, and return their number.

    Raises:
        UsageError: The queue does not exist.
        DataError: The file is not a queue.
    """
    with closing(open_queue(path, make=False)) as connection:
        # Instances with results have them sent; the others still have their image, and are scored.
        return connection.execute(
            "UPDATE instance SET reason = NULL, attempts = 0, failures = 0, due = 0, state = CASE "
            "WHEN data IS NULL THEN 'scored' ELSE 'received' END WHERE state = 'aside'"
        ).rowcount
