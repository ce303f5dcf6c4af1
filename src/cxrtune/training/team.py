"""The processes that train together: one, or one per device on all machines."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import torch
from lightning.fabric import Fabric
from lightning.fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn

from cxrtune.errors import CxrtuneError, UsageError

# The first process may decode for hours before it needs the others.
_PATIENCE = timedelta(days=2)


@dataclass(frozen=True)
class Machines:
    """The devices and machines to train on.

    Attributes:
        devices: Processes per machine: the number of GPUs, or of processes on the CPU if there is no GPU.
        nodes: Number of machines.
    """

    devices: int = 1
    nodes: int = 1


class Team:
    """The processes that train together, as seen by one of them."""

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric

    @property
    def rank(self) -> int:
        """The rank of this process, counted from 0."""
        return self.fabric.global_rank

    @property
    def size(self) -> int:
        """The number of processes."""
        return self.fabric.world_size

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes shared files."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """The device of this process."""
        return self.fabric.device

    def wait(self) -> None:
        """Wait until all processes have reached this point."""
        if self.size > 1:
            self.fabric.barrier()

    def total(self, amount: Tensor) -> Tensor:
        """Return the sum of a tensor over all processes."""
        if self.size > 1:
            torch.distributed.all_reduce(amount)
        return amount

    def gathered(self, part: Any) -> list[Any]:
        """Return the parts of all processes, in the order of their ranks."""
        if self.size == 1:
            return [part]
        parts: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(parts, part)
        return parts

    def part(self) -> None:
        """Close the connection once all processes have finished their common work."""
        if self.size > 1:
            self.wait()
            torch.distributed.destroy_process_group()

    def share(self, network: nn.Module) -> None:
        """Give every process the weights and statistics of the first one."""
        if self.size > 1:
            for tensor in network.state_dict().values():
                torch.distributed.broadcast(tensor, src=0)


def assemble(machines: Machines, arithmetic: Literal["auto", "float32", "mixed"] = "float32") -> Team:
    """Start, or join, the processes that train together; returns when all of them are connected.

    Without torchrun or Slurm, the first process starts the others itself, with its own command.

    Args:
        machines: The devices and machines to train on; torchrun's own numbers take precedence.
        arithmetic: `mixed` is bfloat16 if the device has it, else float16; `auto` is mixed on a GPU only.

    Raises:
        UsageError: More devices are requested than are available.
    """
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)  # we report the same more briefly
    devices, nodes = machines.devices, machines.nodes
    if "TORCHELASTIC_RUN_ID" in os.environ:
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    on_gpu = torch.cuda.is_available()
    if on_gpu and devices > torch.cuda.device_count():
        raise UsageError(
            f"{devices} devices are wanted, and {torch.cuda.device_count()} are here",
            remedy="Give `devices` a smaller number.",
        )
    strategy: Any = DDPStrategy(timeout=_PATIENCE) if devices * nodes > 1 else "auto"
    fabric = Fabric(
        accelerator="cuda" if on_gpu else "cpu",
        devices=devices,
        num_nodes=nodes,
        strategy=strategy,
        precision=_precision(arithmetic, on_gpu=on_gpu),
    )
    fabric.launch()
    return Team(fabric)


@contextmanager
def naming_lost_members() -> Iterator[None]:
    """Convert the error of a lost connection to another process of the team into our own error.

    Raises:
        CxrtuneError: Another process has ended; its own message gives the cause.
    """
    try:
        yield
    except RuntimeError as error:
        if any(sign in str(error) for sign in ("Connection closed by peer", "Connection reset by peer")):
            raise CxrtuneError(
                "another process of this training has ended",
                remedy="Its own message says why; the same command goes on after the last whole epoch.",
            ) from error
        raise


def is_helper(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether this process only helps another one to train, and runs no other stage.

    torchrun sets RANK, Slurm SLURM_PROCID, Lightning LOCAL_RANK for the processes it starts, and a user
    NODE_RANK.
    """
    if "RANK" in environment:
        return int(environment["RANK"]) > 0
    names = ("LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")
    return any(int(environment.get(name, "0")) > 0 for name in names)


def _precision(arithmetic: str, *, on_gpu: bool) -> Literal["32-true", "bf16-mixed", "16-mixed"]:
    if arithmetic == "float32" or (arithmetic == "auto" and not on_gpu):
        return "32-true"
    return "bf16-mixed" if not on_gpu or torch.cuda.is_bf16_supported() else "16-mixed"
