"""What a peer may make the node hold in memory, and how many may be connected, is bounded here.

pynetdicom reads a protocol data unit of whatever length its header claims, and gathers the fragments of a
message without end; a connection gets two threads before a word is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

LONGEST_UNIT = 4 * 2**20
"""Bytes; PS3.8 9.3 lets a unit be of any length, and real ones are as long as `maximum_pdu_size` asks for."""


class BoundedServer(ThreadedAssociationServer):
    """Takes connections up to a number, and of each message so many bytes."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, *args: Any, connections: int = 64, instance_bytes: int = LONGEST_UNIT, **kwargs: Any
    ) -> None:
        self._connections = connections
        self.instance_bytes = instance_bytes
        super().__init__(*args, **{**kwargs, "request_handler": _Handler})

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Turn a connection away when there are too many."""
        return len(self.active_associations) < self._connections

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the library would print the error, and with it what a peer sent."""


class _Handler(RequestHandler):
    def _create_association(self) -> Association:
        association = super()._create_association()
        most = self.server.instance_bytes if isinstance(self.server, BoundedServer) else LONGEST_UNIT
        if (taken := association.dul.socket) is not None:
            meter = _Meter(taken.recv, most)
            taken.recv = meter.read  # type: ignore[method-assign]
            association.bind(evt.EVT_DIMSE_RECV, meter.message_ends)
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
