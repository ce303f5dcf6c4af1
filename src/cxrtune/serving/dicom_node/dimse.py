"""Results to an archive by C-STORE (PS3.4 annex B, PS3.7 9.1.1)."""

from __future__ import annotations

import io
from collections.abc import Generator, Sequence

from pydicom import dcmread
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association

from cxrtune.images.held_warnings import held_warnings
from cxrtune.serving.dicom_node.delivery import ArchiveAnswer, ArchiveAwayError
from cxrtune.serving.dicom_node.peer import Peer
from cxrtune.serving.dicom_node.queue import Result

_SECONDS = 30.0
_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]

# PS3.7 C.4: 0111 is a duplicate, so the archive has it. The warnings of PS3.4 B.2.3 mean that it was stored.
_STORED = frozenset({0x0000, 0x0111, 0xB000, 0xB006, 0xB007})
_FINAL = frozenset({0x0105, 0x0106, 0x0115, 0x0117, 0x0118, 0x0119, 0x0122, 0x0124})


class StoreByDimse:
    """An archive that is reached by DICOM's own protocol."""

    def __init__(self, title: str, archive: Peer) -> None:
        """Prepare.

        Args:
            title: The title that the archive knows this node by.
            archive: Where results go.
        """
        self._title = title
        self._archive = archive

    def store(self, results: Sequence[Result]) -> Generator[ArchiveAnswer, None, None]:
        """Store results in one association.

        Raises:
            ArchiveAwayError: No association can be had, or it broke.
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
            # One context a syntax: an archive may take just one of them.
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
            # It may be this very data set that the archive fails over: the others are not to wait behind it.
            return ArchiveAnswer("later", "the archive did not answer")
        code = int(status.Status)
        if code in _STORED:
            return ArchiveAnswer("accepted")
        # Ax: out of resources, or the data set does not fit its class; Cx: cannot understand (PS3.4 B.2.3).
        final = code in _FINAL or code >> 8 == 0xA9 or code >> 12 == 0xC
        return ArchiveAnswer("refused" if final else "later", f"the archive answered {code:04X}")


def _kind(sop_class: str) -> str:
    return UID(sop_class).name
