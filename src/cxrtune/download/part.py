"""A file that is being fetched: `NAME.part`, and beside it where its bytes are from."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cxrtune.download.place import writing_to
from cxrtune.download.verification import Sums
from cxrtune.files import sync_file, write_text


@dataclass(frozen=True)
class PartOrigin:
    """Which version of which file the bytes are from.

    Attributes:
        link: Where they were asked for, without a password.
        validator: The strong ETag or the Last-Modified of the answer, or None.
        total: The size of the whole, if the host told.
    """

    link: str
    validator: str | None
    total: int | None


class PartFile:
    """The bytes so far of a file that will be `final`, and their sums.

    It is safe to lose the process at any moment: bytes are appended only, and whose they are was
    written down before the first of them.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path = final.with_name(f"{final.name}.part")
        self._note = final.with_name(f"{final.name}.part.json")
        self.origin = self._read_origin()
        self.sums = Sums()
        if self.origin is not None:
            with self.path.open("rb") as stream:
                self.sums.add_rest(stream)

    @property
    def length(self) -> int:
        """How many bytes are there."""
        return self.sums.bytes

    def begin(self, origin: PartOrigin) -> None:
        """Begin anew, with bytes of `origin`.

        Raises:
            OutputError: The disk is full or the folder cannot be written.
        """
        with writing_to(self.final):
            self.path.write_bytes(b"")
        self.sums = Sums()
        write_text(self._note, json.dumps(asdict(origin)) + "\n", lambda _: writing_to(self.final))
        self.origin = origin

    def append(self, block: bytes) -> None:
        """Add bytes.

        Raises:
            OutputError: The disk is full.
        """
        with writing_to(self.final), self.path.open("ab", buffering=0) as stream:
            rest = memoryview(block)
            while rest:
                # A disk that fills takes some of the bytes: they count, and the next write fails.
                written = stream.write(rest)
                self.sums.add(rest[:written])
                rest = rest[written:]

    def complete(self) -> None:
        """Sync the bytes and give them their final name.

        Raises:
            OutputError: The folder cannot be written.
        """
        with writing_to(self.final):
            with self.path.open("ab") as stream:
                sync_file(stream)
            self.path.replace(self.final)
            self._note.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the bytes, as they are not what they should be."""
        with writing_to(self.final):
            self.path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)
        self.sums, self.origin = Sums(), None

    def _read_origin(self) -> PartOrigin | None:
        """Return whose bytes are there; None if there are none, or nobody knows whose."""
        if not self.path.is_file():
            return None
        try:
            return PartOrigin(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def length_of_part(final: Path) -> int:
    """Return how many bytes of a file are there already, without reading them."""
    try:
        return os.stat(final.with_name(f"{final.name}.part")).st_size  # noqa: PTH116  the name says it all
    except OSError:
        return 0
