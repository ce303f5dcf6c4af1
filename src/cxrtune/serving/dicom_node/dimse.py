"""Archives on a DICOM network: their addresses, and C-STORE of results (PS3.4 annex B, PS3.7 9.1.1)."""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from pydicom import dcmread
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association

from cxrtune.errors import UsageError
from cxrtune.images.held_warnings import held_warnings
from cxrtune.serving.dicom_node.queue import Result
from cxrtune.serving.dicom_node.sender import ArchiveAnswer, ArchiveAwayError

_SECONDS = 30.0
_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]

# PS3.7 C.4: 0111 means a duplicate, which the archive has. The warnings of PS3.4 B.2.3 mean stored, too.
_STORED = frozenset({0x0000, 0x0111, 0xB000, 0xB006, 0xB007})
_FINAL = frozenset({0x0105, 0x0106, 0x0115, 0x0117, 0x0118, 0x0119, 0x0122, 0x0124})
_FORM = re.compile(r"(?P<title>[^@]+)@(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:\[\]]+):(?P<port>\d{1,5})")
_LONGEST_TITLE = 16


class StoreByDimse:
    """An archive that is accessed over the DICOM network protocol (DIMSE)."""

    def __init__(self, title: str, archive: Peer) -> None:
        """Set up the connection parameters; nothing is sent yet.

        Args:
            title: The application entity title by which the archive knows this node.
            archive: Where results are sent.
        """
        self._title = title
        self._archive = archive

    def store(self, results: Sequence[Result]) -> Generator[ArchiveAnswer, None, None]:
        """Store results in one association.

        Raises:
            ArchiveAwayError: No association could be established, or it was lost.
        """
        association = self._associate({result.sop_class for result in results})
        try:
            accepted = {context.abstract_syntax for context in association.accepted_contexts}
            for result in results:
                if result.sop_class in accepted:
                    yield self._store(association, result)
                else:
                    yield ArchiveAnswer("refused", f"the archive does not take {_kind(result.sop_class)}")
        finally:
            if association.is_established:
                association.release()

    def _associate(self, classes: set[str]) -> Association:
        entity = AE(self._title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _SECONDS
        entity.connection_timeout = _SECONDS
        for sop_class in sorted(classes):
            # One context per syntax: an archive may accept only one of them.
            for syntax in _SYNTAXES:
                entity.add_requested_context(sop_class, syntax)
        association = entity.associate(self._archive.host, self._archive.port, ae_title=self._archive.title)
        if association.is_established:
            return association
        if association.is_rejected:
            raise ArchiveAwayError("the archive rejects the association: does it know this node's title?")
        raise ArchiveAwayError("the archive cannot be reached")

    def _store(self, association: Association, result: Result) -> ArchiveAnswer:
        if not association.is_established:
            raise ArchiveAwayError("the archive ended the association")
        with held_warnings("pydicom"):
            dataset = dcmread(io.BytesIO(result.data))
        status = association.send_c_store(dataset)
        if "Status" not in status:
            # This data set may be the one on which the archive fails, so it must not block the others.
            return ArchiveAnswer("later", "the archive did not answer")
        code = int(status.Status)
        if code in _STORED:
            return ArchiveAnswer("accepted")
        # Ax: out of resources, or the data set does not match its SOP class; Cx: cannot understand (PS3.4
        # B.2.3).
        final = code in _FINAL or code >> 8 == 0xA9 or code >> 12 == 0xC
        return ArchiveAnswer("refused" if final else "later", f"the archive answered {code:04X}")


def _kind(sop_class: str) -> str:
    return UID(sop_class).name


@dataclass(frozen=True)
class Peer:
    """An application entity on the network.

    Attributes:
        title: Its application entity title.
        host: Host name or address.
        port: 1 to 65535.
    """

    title: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.title}@{host}:{self.port}"


def read_peer(text: str) -> Peer:
    """Read `AET@host:port`; an IPv6 address is written in brackets.

    Raises:
        UsageError: The text is not of that form.
    """
    found = _FORM.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise UsageError(
            f"'{text}' does not say where an archive is",
            remedy="Write AET@host:port, such as ORTHANC@127.0.0.1:4242.",
        )
    return Peer(read_title(found["title"]), found["host"].strip("[]"), int(found["port"]))


def read_title(text: str) -> str:
    """Check an application entity title (PS3.5 6.2, AE), and strip the spaces around it.

    Raises:
        UsageError: The title is empty, too long, or contains characters that are not allowed.
    """
    title = text.strip(" ")
    if not 0 < len(title) <= _LONGEST_TITLE or not (title.isascii() and title.isprintable()) or "\\" in title:
        raise UsageError(
            f"'{text}' is no application entity title",
            remedy="A title is 1 to 16 printable ASCII characters without a backslash.",
        )
    return title
