"""Batch normalisation for a batch that may be distributed over several processes.

On a CPU, torch's batch-norm uses the images of its own process only, and its synchronised version is for GPUs
only. Here the processes' shares may have any size, including zero; a single process uses torch's own kernel.
"""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F


def process_count() -> int:
    """Return the number of processes that share a batch: 1 unless `torch.distributed` is initialized."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_world_size()
    return 1


def values_per_channel(maps: Tensor) -> int:
    """Return the number of values per channel in the batch, over all processes.

    Args:
        maps: (N, C, h, w), this process's share.

    Raises:
        ValueError: There is only one value, hence no variance; the same error as in torch's batch-norm.
    """
    count, _, height, width = maps.shape
    total = int(_sum_over_processes(maps.new_tensor(count * height * width, dtype=torch.int64)))
    if total == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got {tuple(maps.shape)}")
    return total


def normalise(maps: Tensor, statistics: Tensor, eps: float) -> Tensor:
    """Normalise every channel to mean 0 and variance 1 over the whole batch.

    Args:
        maps: (N, C, h, w), this process's share.
        statistics: (2, C), zeros; mean and unbiased variance of the whole batch are written here.
        eps: Added to the biased variance before taking the square root.

    Returns:
        (N, C, h, w).
    """
    if process_count() == 1:
        # With a momentum of 1, the running statistics are those of the batch.
        return F.batch_norm(maps, statistics[0], statistics[1], training=True, momentum=1.0, eps=eps)
    count = maps[:, 0].numel()
    own_mean = _channel_sums(maps) / max(count, 1)
    own_spread = _channel_sums((maps - _per_channel(own_mean)).square())
    total, mean, spread = _pool(count, own_mean, own_spread)
    torch.stack((mean, spread / (total - 1)), out=statistics)
    return (maps - _per_channel(mean)) * _per_channel((spread / total + eps).rsqrt())


def normalise_backward(
    grad: Tensor, normalised: Tensor, scale: Tensor, total: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Propagate a gradient back through y = gamma x_hat + beta and x_hat = (x - mean) / std.

    Because mean and std are functions of all T values of the channel, with g = dL/dy,

        dL/dx = (gamma / std) (g - mean(g) - x_hat mean(g x_hat)),
        dL/dgamma = sum(g x_hat),  dL/dbeta = sum(g).

    The two means are over the values on all processes. The two sums are over the values of this process, like
    every gradient of a parameter before data-parallel training averages it.

    Args:
        grad: g, (N, C, h, w).
        normalised: x_hat, (N, C, h, w).
        scale: gamma / std, (C,).
        total: T, over all processes.

    Returns:
        dL/dx, (N, C, h, w), and dL/dgamma and dL/dbeta, (C,).
    """
    if process_count() == 1:
        # torch's kernel, for a batch that already has mean 0 and standard deviation 1. It is slow on slices.
        grads: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.native_batch_norm_backward(
            grad.contiguous(memory_format=torch.channels_last),
            normalised.contiguous(memory_format=torch.channels_last),
            scale, running_mean=None, running_var=None,
            save_mean=torch.zeros_like(scale), save_invstd=torch.ones_like(scale),
            train=True, eps=0.0, output_mask=[True, True, True],
        )  # fmt: skip
        return grads
    sums = torch.stack((_channel_sums(grad * normalised), _channel_sums(grad)))
    mean_product, mean_grad = _sum_over_processes(sums.clone()) / total
    centred = grad - _per_channel(mean_grad) - normalised * _per_channel(mean_product)
    return centred * _per_channel(scale), sums[0], sums[1]


@torch.no_grad()
def track(norm: nn.BatchNorm2d, statistics: Tensor) -> None:
    """Update the running statistics of a batch-norm layer with those of a batch, as torch does in train mode.

    Args:
        norm: The layer; its buffers are changed.
        statistics: (2, C), mean and unbiased variance.
    """
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked.add_(1)
    # Without a momentum, torch computes the plain average over all batches so far.
    weight = 1 / int(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(statistics[0], weight)
    norm.running_var.lerp_(statistics[1], weight)


def _pool(count: int, mean: Tensor, spread: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Combine the counts, means and sums of squared deviations, (C,), of all processes.

    Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
    1979: a share's squared deviations from the common mean are those from its own mean plus count (its mean -
    common mean)^2. E[x^2] - E[x]^2 would lose the variance of a channel whose mean is large.
    """
    share = torch.cat((mean.new_tensor([count]), mean, spread))
    shares = [torch.empty_like(share) for _ in range(process_count())]
    distributed.all_gather(shares, share)
    counts, means, spreads = torch.stack(shares).tensor_split((1, 1 + len(mean)), dim=1)
    total = counts.sum()
    common = (counts * means).sum(0) / total
    return total, common, (spreads + counts * (means - common).square()).sum(0)


def _sum_over_processes(value: Tensor) -> Tensor:
    """Return the sum of the values of all processes; computed in place."""
    if process_count() > 1:
        distributed.all_reduce(value)
    return value


def _channel_sums(maps: Tensor) -> Tensor:
    return maps.sum(dim=(0, 2, 3))


def _per_channel(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1)
