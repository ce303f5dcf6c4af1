"""A training step of the tail, by torch's plain layers and by ours, next to its convolutions alone.

    python benchmarks/tail.py

Steps alternate in one process, as the machine's pace drifts; a figure is a median, a ratio the median of
ratios within a round. Adam is fused in both steps.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F

from cxrtune.memory import keep_freed_memory
from cxrtune.models.densenet import Tail, build_network
from cxrtune.recipe import HeadSpec, PreprocessSpec
from cxrtune.training.loop import masked_bce

FINDINGS = 8
WARM_UP = 5


def plain_logits(tail: Tail, features: torch.Tensor) -> torch.Tensor:
    return tail.head(F.relu(tail.norm5(tail.denseblock4(features))))


def training_step(
    forward: Callable[[torch.Tensor], torch.Tensor], tail: Tail, features: torch.Tensor
) -> Callable[[], None]:
    """Return a whole step: zero_grad, forward, loss, backward, Adam."""
    labels = (torch.rand(len(features), FINDINGS) < 0.2).float()
    weights = torch.ones(FINDINGS)
    optimizer = torch.optim.Adam(tail.parameters(), lr=1e-4, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        masked_bce(forward(features), labels, weights).backward()
        optimizer.step()

    return step


def convolutions(tail: Tail, batch: int) -> Callable[[], None]:
    """Return the block's 32 convolutions, forward and backward, on inputs that are ready."""
    calls = []
    for layer in tail.denseblock4.children():
        for module in (layer.conv1, layer.conv2):
            weight = module.weight.detach().clone().requires_grad_()
            ready, grad = maps(batch, weight.shape[1]).requires_grad_(), maps(batch, weight.shape[0])
            calls.append((ready, weight, grad, module.padding))

    def run() -> None:
        for ready, weight, grad, padding in calls:
            F.conv2d(ready, weight, padding=padding).backward(grad)
            ready.grad = weight.grad = None

    return run


def maps(batch: int, channels: int) -> torch.Tensor:
    return torch.rand(batch, 7, 7, channels).permute(0, 3, 1, 2)


def measure(batch: int, rounds: int) -> list[list[float]]:
    """Return the seconds of a plain step, our step and the convolutions, a list each."""
    tails = [build_network(FINDINGS, HeadSpec(), PreprocessSpec(), seed=0).tail.train() for _ in range(2)]
    features = maps(batch, 512)
    works = [
        training_step(lambda x: plain_logits(tails[0], x), tails[0], features),
        training_step(tails[1], tails[1], features),
        convolutions(tails[0], batch),
    ]
    spent = [[], [], []]
    for _ in range(WARM_UP + rounds):
        for work, seconds in zip(works, spent, strict=True):
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
    return [seconds[WARM_UP:] for seconds in spent]


def ratio(numerators: list[float], denominators: list[float]) -> float:
    return statistics.median(n / d for n, d in zip(numerators, denominators, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    keep_freed_memory()
    torch.manual_seed(0)
    print("| batch | plain step | our step | convolutions | plain / conv. | ours / conv. | ours / plain |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for batch in options.batch:
        plain, ours, alone = measure(batch, options.rounds)
        times = " | ".join(f"{1e3 * statistics.median(seconds):.1f} ms" for seconds in (plain, ours, alone))
        ratios = " | ".join(f"{ratio(n, d):.2f}" for n, d in ((plain, alone), (ours, alone), (ours, plain)))
        print(f"| {batch} | {times} | {ratios} |")


if __name__ == "__main__":
    main()
