"""The operator's settings for the node."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.back_off import BackOff
from cxrtune.errors import UsageError
from cxrtune.loopback import LOOPBACK

MEGABYTE = 2**20
GIGABYTE = 2**30
_BACK_OFF = BackOff(first_seconds=1.0, longest_seconds=300.0)


@dataclass(frozen=True)
class NodeLimits:
    """Limits on what the node accepts; what exceeds one is refused, and everything else continues.

    Attributes:
        instance_bytes: Size of one instance as received over the network.
        waiting: Number of instances that are received and not yet done.
        queue_bytes: Total size of what the queue holds.
        connections: Number of simultaneous connections; each has two threads.
        greeting_seconds: Time from a connection to its association request.
        idle_seconds: Time without a message in an association.
    """

    instance_bytes: int = 512 * MEGABYTE
    waiting: int = 10_000
    queue_bytes: int = 20 * GIGABYTE
    connections: int = 64
    greeting_seconds: float = 10.0
    idle_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Check that the limits are valid.

        Raises:
            UsageError: One of them is not positive.
        """
        for name, value in vars(self).items():
            if value <= 0:
                raise UsageError(f"the limit {name} is {value}", remedy="Limits are positive.")


@dataclass(frozen=True)
class NodeSettings:
    """All settings of the node.

    Attributes:
        title: The node's own application entity title.
        host: Address on which the node listens.
        port: Port on which the node listens; 0 selects a free one.
        callers: Application entity titles that may connect; empty allows all.
        refuse: Omit the numbers of images that the quality checks flag.
        keep_days: How long a finished instance is remembered, and how long what was set aside is kept.
        batch: Maximum number of images that are scored together.
        decoders: Number of decoding processes.
        decode_seconds: Time limit for decoding one image; beyond it, the process is ended and the image is
            set aside.
        limits: Limits on incoming data.
        back_off: Delays of the sender after errors.
    """

    title: str = "CXRTUNE"
    host: str = LOOPBACK
    port: int = 11112
    callers: frozenset[str] = frozenset()
    refuse: bool = False
    keep_days: float = 30.0
    batch: int = 8
    decoders: int = 2
    decode_seconds: float = 60.0
    limits: NodeLimits = NodeLimits()
    back_off: BackOff = _BACK_OFF
