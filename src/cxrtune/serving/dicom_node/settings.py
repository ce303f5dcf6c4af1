"""What an operator decides about the node."""

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
    """Where the node stops listening. What passes one of them is refused, and the others go on.

    Attributes:
        instance_bytes: Of one instance on the network.
        waiting: Instances that are received and not yet done.
        queue_bytes: Of all that the queue holds.
        connections: Open at once; each has two threads.
        greeting_seconds: From a connection to its association request.
        idle_seconds: Without a word in an association.
    """

    instance_bytes: int = 512 * MEGABYTE
    waiting: int = 10_000
    queue_bytes: int = 20 * GIGABYTE
    connections: int = 64
    greeting_seconds: float = 10.0
    idle_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Check that the limits can be meant.

        Raises:
            UsageError: One of them is not positive.
        """
        for name, value in vars(self).items():
            if value <= 0:
                raise UsageError(f"the limit {name} is {value}", remedy="Limits are positive.")


@dataclass(frozen=True)
class NodeSettings:
    """All of it.

    Attributes:
        title: The node's own application entity title.
        host: Where it listens.
        port: 0 takes a free one.
        callers: Titles that may call; empty lets every title in.
        refuse: Give no numbers of images that the quality checks flag.
        keep_days: How long a finished instance is remembered, and how long what was set aside is kept.
        batch: Images that are scored together.
        decoders: Processes that decode.
        decode_seconds: For decoding one image; then its process is ended and it is set aside.
        limits: Of what comes in.
        back_off: Of the sender, after trouble.
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
