"""What an operator decides about the service."""

from __future__ import annotations

from dataclasses import dataclass, field

from cxrtune.errors import UsageError
from cxrtune.images.radiograph import MAX_PIXELS

MEGABYTE = 2**20


@dataclass(frozen=True)
class ServiceLimits:
    """Where the service stops listening. What passes one of them is refused, and the others go on.

    Attributes:
        body_bytes: Of one request's body.
        memory_bytes: Of all bodies that are in memory at once.
        files: In one request.
        pixels: That an image's header may claim.
        waiting: Images that are accepted and not yet answered.
        head_seconds: From a connection's first byte to the end of a request's head.
        body_seconds: From the end of the head to the end of the body.
        decode_seconds: For decoding one image.
        answer_seconds: From the end of the body to the answer.
        stop_seconds: For requests in flight when the service is stopped.
        connections: Open at once.
    """

    body_bytes: int = 64 * MEGABYTE
    memory_bytes: int = 512 * MEGABYTE
    files: int = 16
    pixels: int = 40_000_000
    waiting: int = 64
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    decode_seconds: float = 15.0
    answer_seconds: float = 30.0
    stop_seconds: float = 30.0
    connections: int = 4096

    def __post_init__(self) -> None:
        """Check that the limits go together.

        Raises:
            UsageError: One of them makes another meaningless.
        """
        for name, value in vars(self).items():
            if value <= 0:
                raise UsageError(f"the limit {name} is {value}", remedy="Limits are positive.")
        if self.files > self.waiting:
            raise UsageError(
                f"a request may have {self.files} files, but only {self.waiting} images may wait",
                remedy="Let more images wait, or allow fewer files.",
            )
        if self.body_bytes > self.memory_bytes:
            raise UsageError(
                f"a body may have {self.body_bytes:,} bytes, but all of them together {self.memory_bytes:,}",
                remedy="Allow smaller bodies, or more memory for all.",
            )
        if self.pixels > MAX_PIXELS:
            raise UsageError(
                f"{self.pixels:,} pixels are more than the decoder takes",
                remedy=f"Allow at most {MAX_PIXELS:,}.",
            )


@dataclass(frozen=True)
class Batching:
    """How images are gathered for the engine.

    Attributes:
        largest: Images that go to the engine together.
        patience_seconds: How long the first of them waits for others that are being decoded.
        decoders: Processes that decode.
    """

    largest: int = 8
    patience_seconds: float = 0.003
    decoders: int = 2


@dataclass(frozen=True)
class Access:
    """Who may ask.

    Attributes:
        token: What a client must show; None lets everybody in who reaches the port.
        hosts: Names by which clients may call the service, without port, lower case; None takes any.
    """

    token: str | None = field(default=None, repr=False)
    hosts: frozenset[str] | None = None


@dataclass(frozen=True)
class ServiceSettings:
    """All of it."""

    limits: ServiceLimits = ServiceLimits()
    batching: Batching = Batching()
    access: Access = Access()
