"""What a peer may make the node hold in memory, how many may be connected, and for how long without a word.

pynetdicom reads a protocol data unit of whatever length its header claims, for as long as it takes, and
gathers the fragments of a message without end; a connection gets two threads before a word is said, and keeps
them when it never comes to an association.
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
"""Bytes; PS3.8 9.3 lets a unit be of any length, and real ones are as long as `maximum_pdu_size` asks for."""


class BoundedServer(ThreadedAssociationServer):
    """Takes connections up to a number, and of each message so many bytes."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any, limits: NodeLimits | None = None, **kwargs: Any) -> None:
        self.limits = limits or NodeLimits()
        self._opened: dict[Association, tuple[float, socket.socket]] = {}
        super().__init__(*args, **{**kwargs, "request_handler": _Handler})

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Turn a connection away when there are too many."""
        return len(self.active_associations) < self.limits.connections

    def service_actions(self) -> None:
        """Hang up, several times a second, on those that came to no association in time."""
        super().service_actions()
        late = time.monotonic() - self.limits.greeting_seconds
        for association, (opened, taken) in list(self._opened.items()):
            if opened < late and not association.is_established:
                _hang_up(taken)
                if not association.is_alive():
                    self._let_go(association)

    def end_all(self, seconds: float) -> None:
        """Hang up on everybody, and wait so long at most for each to end."""
        for _, taken in list(self._opened.values()):
            _hang_up(taken)
        for association in list(self._opened):
            if association.is_alive():
                association.join(seconds)
            self._let_go(association)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the library would print the error, and with it what a peer sent."""

    def watch(self, association: Association, taken: socket.socket) -> None:
        """Bound what a new connection may do."""
        self._opened[association] = time.monotonic(), taken
        taken.settimeout(self.limits.idle_seconds)
        if (wrapped := association.dul.socket) is not None:
            meter = _Meter(wrapped.recv, self.limits.instance_bytes)
            wrapped.recv = meter.read  # type: ignore[method-assign]
            association.bind(evt.EVT_DIMSE_RECV, meter.message_ends)

    def _let_go(self, association: Association) -> None:
        # The library leaves some sockets open to the garbage collector.
        _, taken = self._opened.pop(association)
        taken.close()


def _hang_up(taken: socket.socket) -> None:
    # Whatever waits for it in the library then finds it closed.
    with suppress(OSError):
        taken.shutdown(socket.SHUT_RDWR)


class _Handler(RequestHandler):
    def _create_association(self) -> Association:
        association = super()._create_association()
        if isinstance(self.server, BoundedServer):
            self.server.watch(association, self.request)
        return association


class _Meter:
    """Reads until a unit or a message is too long; then the connection counts as broken."""

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
