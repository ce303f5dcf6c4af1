"""The queue as an operator sees it: counts and reasons, nobody's name."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cxrtune.serving.dicom_node.queue.file import HELD_BYTES, State, open_queue

STATES: tuple[State, ...] = ("received", "scored", "done", "aside")


@dataclass(frozen=True)
class Status:
    """What stands in a queue.

    Attributes:
        counts: Instances by state.
        waiting_reasons: Why results have not been taken yet, by reason.
        aside_reasons: Why instances were set aside, by reason.
        held_bytes: Of images and results.
        oldest_seconds: Since the oldest instance that is not done came; None where none waits.
    """

    counts: dict[State, int]
    waiting_reasons: dict[str, int]
    aside_reasons: dict[str, int]
    held_bytes: int
    oldest_seconds: float | None


def read_status(path: Path) -> Status:
    """Read a queue, whether a node works on it or not.

    Raises:
        UsageError: There is none.
        DataError: The file is no queue.
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
    """Put what was set aside back to work, and return how many instances that was.

    Raises:
        UsageError: There is no such queue.
        DataError: The file is no queue.
    """
    with closing(open_queue(path, make=False)) as connection:
        # Where results are there, they are sent; else the image is, and is scored.
        return connection.execute(
            "UPDATE instance SET reason = NULL, attempts = 0, failures = 0, due = 0, state = CASE "
            "WHEN data IS NULL THEN 'scored' ELSE 'received' END WHERE state = 'aside'"
        ).rowcount
