"""Common frame of all stages: skip if the output is current, lock the output, write a record when done."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxrtune.errors import DataError, UsageError
from cxrtune.files import naming_output_errors, write_text
from cxrtune.locks import take_lock
from cxrtune.progress import Reporter
from cxrtune.provenance import (
    Output,
    Record,
    Source,
    is_current,
    is_file_name,
    key_of,
    read_record,
    record_path,
    versions,
)

LOCK = ".cxrtune.lock"
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP})
_held: ContextVar[frozenset[Path]] = ContextVar("_held", default=frozenset())


@dataclass
class Draft:
    """A stage's record while it works.

    Attributes:
        output: The file or folder that the stage makes.
        current: Whether the output is current, so that the stage has nothing to do.
        made: Names of the files that it makes, relative to the folder of the record.
        counts: Counts for the record.
        notes: Sentences on what was not done or omitted.
    """

    output: Path
    current: bool
    made: list[str]
    counts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def start_writing(self) -> None:
        """Remove the record of the previous output, which is about to be overwritten.

        Raises:
            OutputError: The record cannot be removed.
        """
        with naming_output_errors(self.output):
            record_path(self.output).unlink(missing_ok=True)


@contextmanager
def stage(
    name: str,
    output: Path,
    inputs: Sequence[Source],
    settings: Mapping[str, Any],
    made: Sequence[str],
    reporter: Reporter,
    *,
    anew: bool = False,
    prepares: bool = False,
    appears: bool = False,
) -> Iterator[Draft]:
    """Run a stage, unless its output is current, and write its record if it succeeds.

    The body of the `with` statement begins with `if draft.current: return ...`. A stage is skipped, with a
    message, if its output was made from the same inputs with the same settings, and is complete.

    Args:
        name: The stage's name.
        output: The file or folder that the stage makes.
        inputs: The inputs that it reads.
        settings: Its settings; must be JSON values.
        made: Names of the files that it makes, relative to the folder of the record; the body may add to
            `draft.made`.
        reporter: Reports that the stage is skipped.
        anew: Whether to run it even if its output is current.
        prepares: Whether the body does work that may fail before its first write. The record of the previous
            output is then kept until it calls `draft.start_writing`.
        appears: Whether the output is a folder that must not exist before it is complete.

    Yields:
        A draft of the record, for counts and notes.

    Raises:
        UsageError: The stage makes a folder, and `output` is named like a file; or its record would replace
            that of another stage's file; or another process works on the output.
        OutputError: The record cannot be written.
    """
    if is_file_name(output) and output.name not in made:
        raise UsageError(
            f"{name} writes a folder, and this is the name of a file",
            path=output,
            remedy=f"Leave {output.suffix} out of the name.",
        )
    key, place = key_of(inputs, settings), record_path(output)
    _refuse_record_of_another(name, output)
    if not anew and is_current(output, key):
        reporter.say(f"{name}: inputs and settings are unchanged, {output} is kept")
        yield Draft(output, current=True, made=list(made))
        return
    with sole_writer(output, beside=appears):
        draft, started = Draft(output, current=False, made=list(made)), time.monotonic()
        if not prepares:
            draft.start_writing()
        yield draft
        record = Record(
            stage=name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            key=key,
            inputs=list(inputs),
            settings=dict(settings),
            counts=draft.counts,
            notes=draft.notes,
            versions=versions(),
            seconds=round(time.monotonic() - started, 3),
            outputs=[Output.of(place.parent, file) for file in draft.made],
        )
        write_text(place, json.dumps(asdict(record), indent=2) + "\n")


def _refuse_record_of_another(name: str, output: Path) -> None:
    """Refuse a file whose record would replace that of another stage's file, as `model.csv` would."""
    place = record_path(output)
    if not (is_file_name(output) and place.is_file()):
        return
    try:
        record = read_record(place)
    except DataError:  # it speaks for nothing; whether the output is current decides what is said of it
        return
    there = [made.name for made in record.outputs if (output.parent / made.name).exists()]
    if record.stage != name and there and output.name not in there:
        raise UsageError(
            f"the record of this file would replace that of {there[0]}, which `{record.stage}` made",
            path=output,
            remedy="Choose another name.",
        )


@contextmanager
def sole_writer(output: Path, *, beside: bool = False) -> Iterator[None]:
    """Lock an output against writing by other processes; the lock is reentrant.

    A file left behind by a killed process is not a lock. Without support of the file system, nothing is
    locked.

    Args:
        output: A file, or a folder, which is created.
        beside: Place the lock of a folder next to it, without creating the folder.

    Raises:
        UsageError: Another process works on the output.
        OutputError: Its folder cannot be created or written.
    """
    inside = not beside and not is_file_name(output)
    path = output / LOCK if inside else output.with_name(f".{record_name(output)}.lock")
    here = Path(os.path.realpath(path.parent), path.name)
    if here in _held.get():
        yield
        return
    is_new = not path.parent.exists()
    with naming_output_errors(output):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = take_lock(path)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            lock = nullcontext()
    if lock is None:
        raise UsageError(
            f"another run works on this {'file' if is_file_name(output) else 'folder'}{_holder(path)}",
            path=output,
            remedy="Let it end, or stop it first.",
        )
    token = _held.set(_held.get() | {here})
    try:
        with lock:
            with suppress(OSError):
                if path.is_file():  # on Windows there is no lock file
                    path.write_text(str(os.getpid()), encoding="ascii")
            yield
    finally:
        _held.reset(token)
        if is_new:
            with suppress(OSError):  # no empty folder remains after a failure before the first file
                path.parent.rmdir()


def record_name(output: Path) -> str:
    """Return the common part of the names of a record's files: `scores` for `scores.csv`."""
    return output.stem if is_file_name(output) else output.name


def _holder(lock: Path) -> str:
    """Return, for a message, which process holds a lock, if it is known."""
    try:
        process = lock.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
    return f" (process {process})" if process.isdecimal() else ""
