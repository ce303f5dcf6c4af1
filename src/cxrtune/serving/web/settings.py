"""The operator's settings for the service."""

from __future__ import annotations

from dataclasses import dataclass, field

from cxrtune.errors import UsageError
from cxrtune.images.radiograph import MAX_PIXELS

MEGABYTE = 2**20


@dataclass(frozen=True)
class ServiceLimits:
    """Limits on what the service accepts; what exceeds one is refused, and everything else continues.

    Attributes:
        body_bytes: Size of one request's body.
        memory_bytes: Total size of all bodies in memory at once.
        files: Number of files in one request.
        pixels: Number of pixels that an image's header may claim.
        waiting: Number of images that are accepted and not yet answered.
        head_seconds: Time from a connection's first byte to the end of a request's head.
        body_seconds: Time from the end of the head to the end of the body.
        decode_seconds: Time for decoding one image.
        answer_seconds: Time from the end of the body to the response.
        stop_seconds: Time to finish requests in flight when the service is stopped.
        connections: Number of simultaneous connections.
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
        """Check that the limits are consistent.

        Raises:
            UsageError: A limit makes another one meaningless.
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
    """How images are combined into batches.

    Attributes:
        largest: Maximum number of images in a batch.
        patience_seconds: How long the first image waits for others that are being decoded.
        decoders: Number of decoding processes.
    """

    largest: int = 8
    patience_seconds: float = 0.003
    decoders: int = 2


@dataclass(frozen=True)
class Access:
    """Which clients are allowed.

    Attributes:
        token: Bearer token that clients must send; None allows every client that can reach the port.
        hosts: Host names under which clients may access the service, without port, in lower case; None allows
            any.
    """

    token: str | None = field(default=None, repr=False)
    hosts: frozenset[str] | None = None


@dataclass(frozen=True)
class ServiceSettings:
    """All settings of the service."""

    limits: ServiceLimits = ServiceLimits()
    batching: Batching = Batching()
    access: Access = Access()
