"""The torch engine, in eager mode: used on GPUs, and always available."""

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

_CPU_BATCH = 8  # larger batches are slower: feature maps no longer fit into the caches (benchmarks/README.md)
_GPU_BATCH = 64
_KEPT_PAGES = 8  # rows of a pack after which its memory pages are released

Network = TypeVar("Network", bound=nn.Module)


class TorchEngine:
    """A network in eval mode, on the device where its weights are."""

    name = "torch, float32"

    def __init__(self, network: nn.Module, *, apart: bool = False, at_once: int | None = None) -> None:
        """Create an engine for a network.

        Args:
            network: Maps grey values (N, S, S) to one output or several.
            apart: Whether the outputs of an image are identical to the bit whatever other images are run.
                Kernels are chosen by the size of the batch, so all batches have the same size. It is 1 on a
                CPU, where one thread runs each image; on a GPU, the last batch is filled with blank images.
            at_once: Number of images run in parallel on a CPU with `apart`; one per processor by default.
        """
        self._network = network.eval()
        self._device = next(network.parameters()).device
        on_cpu = self._device.type == "cpu"
        self._batch = _CPU_BATCH if on_cpu else _GPU_BATCH
        self._filled = apart
        self._at_once = (at_once or processor_count()) if apart and on_cpu else 0
        self._threads = _single_threads(self._at_once) if self._at_once else None

    def stream(self, images: Iterable[Packed]) -> Iterator[Outputs]:
        """Run the network on images, uint8 or float16 (S, S); yield the outputs of each in order."""
        if self._threads is None:
            yield from self._batches(images)
            return
        threads = self._threads
        ahead = self._at_once + 1  # so that no thread is idle until its output is collected
        found = in_order(lambda image: threads.submit(self._alone, image), images, ahead)
        yield from cast(Iterator[Outputs], found)  # a network raises no reading errors

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
    """Start threads in which torch uses a single thread.

    If all processors share an image, they wait in a spin loop for the slowest of them in every layer, which
    takes ten times the processor time if the machine has other work.
    """
    before, ready = torch.get_num_threads(), Barrier(count + 1)

    def begin() -> None:
        # The number of threads is per thread, but a thread that has not read it first takes the process's.
        torch.get_num_threads()
        torch.set_num_threads(1)
        ready.wait()

    threads = ThreadPoolExecutor(count, "torch", begin)
    for _ in range(count):
        threads.submit(int)
    ready.wait()
    torch.set_num_threads(before)  # setting it in another thread also changes the process's number
    return threads


def on_best_device(network: Network) -> Network:
    """Move a network to the GPU, if there is one, and return it."""
    return network.cuda() if torch.cuda.is_available() else network


def first_outputs(
    engine: Engine, pixels: Packed, rows: Iterable[int], progress: Callable[[int], None] = lambda _: None
) -> NDArray[np.float32]:
    """Run an engine on some rows of a pack and return the first output of its network.

    Args:
        engine: The engine.
        pixels: uint8 or float16 (N, S, S), grey values in [0, 255]; may be a memory-mapped file.
        rows: The rows to run, in this order.
        progress: Called with the number of images done since the last call.

    Returns:
        float32 (n, ...), one row per image.
    """
    found = []
    for outputs in engine.stream(pixels[row] for row in rows):
        found.append(outputs[0])
        progress(1)
        if len(found) % _KEPT_PAGES == 0:
            let_pages_go(pixels)
    return np.stack(found)


def to_scores(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map logits to scores in [0, 1] by the logistic function; float32 of the same shape."""
    return cast(NDArray[np.float32], torch.sigmoid(torch.from_numpy(logits)).numpy())
