"""Limits on the memory that a peer can use, the number of connections, and the time that they may be idle.

pynetdicom reads a protocol data unit of any length that its header claims, without a time limit, and collects
the fragments of a message without a limit on their size. A connection gets two threads before anything is
received, and keeps them even if no association is ever requested.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from cxrtune.serving.dicom_node.settings import NodeLimits

LONGEST_UNIT = 4 * 2**20
"""Bytes; PS3.8 9.3 allows units of any length, and real ones are at most `maximum_pdu_size` long."""


class BoundedServer(ThreadedAssociationServer):
    """A server with limits on the number of connections and on the size of each message."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any, limits: NodeLimits | None = None, **kwargs: Any) -> None:
        self.limits = limits or NodeLimits()
        self._opened: dict[Association, tuple[float, socket.socket]] = {}
        super().__init__(*args, **{**kwargs, "request_handler": _Handler})

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse a connection if there are too many."""
        return len(self.active_associations) < self.limits.connections

    def service_actions(self) -> None:
        """Close connections without an association in time; called several times per second."""
        super().service_actions()
        late = time.monotonic() - self.limits.greeting_seconds
        for association, (opened, taken) in list(self._opened.items()):
            if opened < late and not association.is_established:
                _hang_up(taken)
                if not association.is_alive():
                    self._let_go(association)

    def end_all(self, seconds: float) -> None:
        """Close all connections, and wait at most `seconds` for each to end."""
        for _, taken in list(self._opened.values()):
            _hang_up(taken)
        for association in list(self._opened):
            if association.is_alive():
                association.join(seconds)
            self._let_go(association)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: the library would print the error, and with it data that a peer sent."""

    def watch(self, association: Association, taken: socket.socket) -> None:
        """Apply the limits to a new connection."""
        self._opened[association] = time.monotonic(), taken
        taken.settimeout(self.limits.idle_seconds)
        if (wrapped := association.dul.socket) is not None:
            meter = _Meter(wrapped.recv, self.limits.instance_bytes)
            wrapped.recv = meter.read  # type: ignore[method-assign]
            association.bind(evt.EVT_DIMSE_RECV, meter.message_ends)

    def _let_go(self, association: Association) -> None:
        # The library leaves it to the garbage collector to close some sockets.
        _, taken = self._opened.pop(association)
        taken.close()


def _hang_up(taken: socket.socket) -> None:
    # Code in the library that waits for the socket then finds it closed.
    with suppress(OSError):
        taken.shutdown(socket.SHUT_RDWR)


class _Handler(RequestHandler):
    def _create_association(self) -> Association:
        association = super()._create_association()
        if isinstance(self.server, BoundedServer):
            self.server.watch(association, self.request)
        return association


class _Meter:
    """Reads until a unit or a message exceeds its limit; the connection is then treated as broken."""

    def __init__(self, read: Callable[[int], bytearray], most: int) -> None:
        self._read = read
        self._most = most
        self._count = 0

    def read(self, nr_bytes: int) -> bytearray:
        self._count += nr_bytes
        if nr_bytes > LONGEST_UNIT or self._count > self._most:
            raise ConnectionAbortedError
        return self._read(nr_bytes)

    def message_ends(self, _: Event) -> None:
        self._count = 0
