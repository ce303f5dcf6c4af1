"""C-ECHO and C-STORE: an instance is acknowledged only when it has been safely queued."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from typing import cast

from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    SecondaryCaptureImageStorage,
)
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from cxrtune.errors import OutputError, UnreadableImageError, UsageError
from cxrtune.images.dicom.codecs import CODECS
from cxrtune.logs import where
from cxrtune.serving.dicom_node import LOGGER
from cxrtune.serving.dicom_node.queue import Queue
from cxrtune.serving.dicom_node.settings import NodeSettings
from cxrtune.serving.dicom_node.socket_limits import BoundedServer
from cxrtune.serving.dicom_node.source import read_source

# PS3.4 B.2.3
SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000

_SECONDS_TO_END = 5.0
_LONGEST_SENT_UNIT = 128 * 1024  # bytes; the largest unit that peers are asked to send
STORAGE_CLASSES: tuple[UID, ...] = (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    SecondaryCaptureImageStorage,
)
"""Archives send whole studies; whether an instance is a radiograph is checked when it is read."""
TRANSFER_SYNTAXES: tuple[UID, ...] = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    *map(UID, CODECS),
)


class Receiver:
    """Answers the requests of peers."""

    def __init__(self, queue: Queue, received: Callable[[], None]) -> None:
        """Set up the receiver.

        Args:
            queue: Where instances are put.
            received: Called after each instance that was queued.
        """
        self._queue = queue
        self._received = received

    def store(self, event: Event) -> int:
        """Queue an instance, and return the status of the response."""
        try:
            data = event.encoded_dataset()
            source = read_source(data)
            request = cast(C_STORE, event.request)
            claimed = str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID)
            if claimed != (source.sop_class, source.sop_instance):
                LOGGER.warning("refused: an instance is not the one that its request names")
                return DOES_NOT_MATCH
            number = self._queue.put(source.sop_instance, data)
        except UnreadableImageError as error:
            LOGGER.warning("refused: an instance %s", error.reason)
            return CANNOT_UNDERSTAND
        except (OutputError, MemoryError) as error:
            reason = error.message if isinstance(error, OutputError) else "no memory"
            LOGGER.error("refused for now: %s", reason)
            return OUT_OF_RESOURCES
        except Exception as error:  # in any case, the peer gets a response and no content is logged
            LOGGER.error("refused: %s", where(error))
            return CANNOT_UNDERSTAND
        if number is None:
            LOGGER.info("an instance came again")
        else:
            LOGGER.info("instance %d: received", number)
            self._received()
        return SUCCESS


@contextmanager
def listening(receiver: Receiver, settings: NodeSettings) -> Iterator[int]:
    """Accept connections within the block.

    Args:
        receiver: Answers the requests.
        settings: Title, address, allowed callers and limits.

    Yields:
        The port.

    Raises:
        UsageError: The port is not available.
    """
    entity = AE(settings.title)
    entity.require_called_aet = True
    entity.require_calling_aet = sorted(settings.callers)
    entity.maximum_pdu_size = _LONGEST_SENT_UNIT
    # Connections are counted when they are opened, before their threads start.
    entity.maximum_associations = 2 * settings.limits.connections
    entity.acse_timeout = settings.limits.greeting_seconds
    entity.network_timeout = entity.dimse_timeout = settings.limits.idle_seconds
    offer(entity)
    try:
        made = entity.make_server(
            (settings.host, settings.port),
            evt_handlers=[
                (evt.EVT_C_ECHO, lambda _: SUCCESS),
                (evt.EVT_C_STORE, receiver.store),
            ],
            server_class=BoundedServer,
            limits=settings.limits,
        )
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(
            f"cannot listen on {settings.host} port {settings.port}: {why}",
            remedy="Choose another `port`, or 0 for a free one.",
        ) from error
    server = cast(BoundedServer, made)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="listening", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        _stop(server)
        thread.join()


def _stop(server: BoundedServer) -> None:
    """Stop accepting connections, and end the open ones; what was acknowledged is in the queue."""
    # The library's own shutdown expects to have started the server itself.
    BaseServer.shutdown(server)
    server.server_close()
    server.end_all(_SECONDS_TO_END)


def offer(entity: AE) -> None:
    """Let an application entity accept all supported storage classes and syntaxes, and C-ECHO."""
    entity.add_supported_context(Verification)
    for storage_class in STORAGE_CLASSES:
        entity.add_supported_context(storage_class, list(TRANSFER_SYNTAXES))
