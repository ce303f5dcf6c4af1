"""torch in eager mode: the engine of GPUs, and the one that is always there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import Barrier
from typing import TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cxrtune.engines.engine import Engine, Outputs
from cxrtune.images.preprocess import Packed
from cxrtune.images.workers import in_order
from cxrtune.memory import let_pages_go
from cxrtune.processors import processor_count

_CPU_BATCH = 8  # more is slower: the feature maps outgrow the caches (benchmarks/README.md)
_GPU_BATCH = 64
_KEPT_PAGES = 8  # rows of a pack between two times that its pages are let go

Network = TypeVar("Network", bound=nn.Module)


class TorchEngine:
    """A network in eval mode, on the device where its weights are."""

    name = "torch, float32"

    def __init__(self, network: nn.Module, *, apart: bool = False, at_once: int | None = None) -> None:
        """Take a network.

        Args:
            network: Maps grey values (N, S, S) to one output or several.
            apart: An image's outputs do not depend on which others are run, to the bit: kernels are chosen by
                the size of the batch, so all batches have one. It is 1 on a CPU, where each image is run by
                one thread; on a GPU the last batch is filled up with blank images.
            at_once: Images that are run side by side on a CPU, apart; otherwise one per processor.
        """
        self._network = network.eval()
        self._device = next(network.parameters()).device
        on_cpu = self._device.type == "cpu"
        self._batch = _CPU_BATCH if on_cpu else _GPU_BATCH
        self._filled = apart
        self._at_once = (at_once or processor_count()) if apart and on_cpu else 0
        self._threads = _single_threads(self._at_once) if self._at_once else None

    def stream(self, images: Iterable[Packed]) -> Iterator[Outputs]:
        """Run the network over images, uint8 or float16 (S, S); yield each one's outputs in turn."""
        if self._threads is None:
            yield from self._batches(images)
            return
        threads = self._threads
        ahead = self._at_once + 1  # so that no thread waits for its output to be taken
        found = in_order(lambda image: threads.submit(self._alone, image), images, ahead)
        yield from cast(Iterator[Outputs], found)  # a network raises no errors of reading

    def _alone(self, image: Packed) -> Outputs:
        return next(self._run([image]))

    def _batches(self, images: Iterable[Packed]) -> Iterator[Outputs]:
        waiting = iter(images)
        while batch := list(islice(waiting, self._batch)):
            count = len(batch)
            if self._filled:
                batch += [np.zeros_like(batch[0])] * (self._batch - count)
            yield from islice(self._run(batch), count)

    def _run(self, batch: list[Packed]) -> Iterator[Outputs]:
        with torch.inference_mode():
            found = self._network(torch.from_numpy(np.stack(batch)).to(self._device))
        several: tuple[Tensor, ...] = (found,) if isinstance(found, Tensor) else tuple(found)
        return zip(*(output.cpu().numpy() for output in several), strict=True)


def _single_threads(count: int) -> ThreadPoolExecutor:
    """Start threads that run torch on themselves alone.

    An image that is shared out among all processors waits for the slowest of them in every layer, spinning:
    ten times the processor time where the machine has other work.
    """
    before, ready = torch.get_num_threads(), Barrier(count + 1)

    def begin() -> None:
        # The number is a thread's own, but a thread that has not asked for it takes the process's at first.
        torch.get_num_threads()
        torch.set_num_threads(1)
        ready.wait()

    threads = ThreadPoolExecutor(count, "torch", begin)
    for _ in range(count):
        threads.submit(int)
    ready.wait()
    torch.set_num_threads(before)  # what was set in another thread is the process's number too
    return threads


def on_best_device(network: Network) -> Network:
    """Move a network to the GPU, if there is one, and return it."""
    return network.cuda() if torch.cuda.is_available() else network


def first_outputs(
    engine: Engine, pixels: Packed, rows: Iterable[int], progress: Callable[[int], None] = lambda _: None
) -> NDArray[np.float32]:
    """Run an engine over some rows of a pack.

    Args:
        engine: Its network's first output is wanted.
        pixels: uint8 or float16 (N, S, S), grey in [0, 255]; may be a file that is mapped into memory.
        rows: Which, in this order.
        progress: Told how many more are done.

    Returns:
        float32 (n, ...), one row each.
    """
    found = []
    for outputs in engine.stream(pixels[row] for row in rows):
        found.append(outputs[0])
        progress(1)
        if len(found) % _KEPT_PAGES == 0:
            let_pages_go(pixels)
    return np.stack(found)


def to_scores(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map logits to scores in [0, 1] by the logistic function, float32 of the same shape."""
    return cast(NDArray[np.float32], torch.sigmoid(torch.from_numpy(logits)).numpy())
