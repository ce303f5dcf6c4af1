"""The forward and backward pass of a training step through a dense block whose input needs no gradient.

Each layer of a dense block reads all preceding channels: it normalises, scales, shifts and rectifies them,
reduces them to a bottleneck by a 1x1 convolution, and, after the same operations, computes a few new channels
by a 3x3 convolution. Operations that plain layers repeat are done once here, or not at all:

* In train mode a channel has the same batch statistics for every layer that reads it. Each channel is
  therefore normalised once, into one table that all later layers read. Nothing is concatenated.
* No gradient is accumulated for the block's input, which makes up most of the channels that are read.
* Rectified values are computed again in the backward pass instead of being stored, which costs less than the
  memory (Pleiss et al., "Memory-Efficient Implementation of DenseNets", 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from cxrtune.models.batch_statistics import normalise, normalise_backward, track, values_per_channel


class _Half(NamedTuple):
    """The parameters of half a layer: y = conv(relu(gamma x_hat + beta)), from C channels to K."""

    gamma: Tensor  # (C,)
    beta: Tensor  # (C,)
    weight: Tensor  # (K, C, 1, 1) or (K, C, 3, 3)


def train_dense_block(block: nn.Module, norm: nn.BatchNorm2d, features: Tensor) -> Tensor:
    """Return relu(norm(block(features))) in train mode, and update the running statistics.

    If `torch.distributed` is initialized, the batch is that of all processes.

    Args:
        block: A dense block of L layers, with torchvision's names.
        norm: The batch-norm layer after the block. Its eps is also used within the block.
        features: (N, C, h, w); gets no gradient.

    Returns:
        (N, C + L G, h, w), channels-last.

    Raises:
        ValueError: The batch has only one value per channel.
    """
    layers: list[Any] = list(block.children())
    halves = [half for m in layers for half in ((m.norm1, m.conv1), (m.norm2, m.conv2))]
    parameters = [p for bn, conv in halves for p in _Half(bn.weight, bn.bias, conv.weight)]
    table, statistics, statistics2 = _NormalisedBlock.apply(features, norm.eps, *parameters)
    for layer, bottleneck_statistics in zip(layers, statistics2, strict=True):
        track(layer.norm1, statistics[:, : layer.norm1.num_features])
        track(layer.norm2, bottleneck_statistics)
    track(norm, statistics)
    return torch.addcmul(_per_channel(norm.bias), table, _per_channel(norm.weight)).relu_()


class _NormalisedBlock(torch.autograd.Function):
    """All channels of a dense block, including its input, normalised but neither scaled nor shifted.

    With g the gradient of gamma x_hat + beta in half a layer,

        dL/dgamma = sum(g x_hat),  dL/dbeta = sum(g),  dL/dx_hat = gamma g.

    Second halves read a bottleneck that nothing else reads, so `normalise_backward` computes all three. First
    halves read from the table, where dL/dx_hat is accumulated over the layers down to the layer that computed
    the channel.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, eps: float, *parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map (N, C, h, w) to the table, (N, C + L G, h, w).

        Returns:
            The table; mean and unbiased variance of its channels before normalisation, (2, C + L G); those of
            the L bottlenecks, (L, 2, B).
        """
        firsts, seconds = _halves(parameters)
        given, total = features.shape[1], values_per_channel(features)
        table = _channels_last(features, _made(firsts[-1], seconds[-1]).stop)
        scratch = table.new_empty(table.numel())
        statistics = table.new_zeros(2, table.shape[1])
        statistics2 = table.new_zeros(len(seconds), 2, len(seconds[0].gamma))
        bottlenecks = []
        table[:, :given] = normalise(features, statistics[:, :given], eps)
        for first, second, bottleneck_statistics in zip(firsts, seconds, statistics2, strict=True):
            made = _made(first, second)
            squeezed = _convolve(first, table[:, : made.start], scratch)
            bottlenecks.append(normalise(squeezed, bottleneck_statistics, eps))
            new = _convolve(second, bottlenecks[-1], scratch)
            table[:, made] = normalise(new, statistics[:, made], eps)
        ctx.given, ctx.total, ctx.eps = given, total, eps
        ctx.save_for_backward(table, statistics, statistics2, *bottlenecks, *parameters)
        ctx.mark_non_differentiable(statistics, statistics2)
        return table, statistics, statistics2

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_table: Tensor, *_: Tensor | None) -> tuple[Tensor | None, ...]:
        """Map the gradient of the table, (N, C + L G, h, w), to those of all parameters."""
        table, statistics, statistics2, *saved = ctx.saved_tensors
        bottlenecks, (firsts, seconds) = saved[: len(statistics2)], _halves(saved[len(statistics2) :])
        scratch = table.new_empty(table.numel())
        biased = 1 - 1 / ctx.total
        inverse = (biased * statistics[1] + ctx.eps).rsqrt()
        inverse2 = (biased * statistics2[:, 1] + ctx.eps).rsqrt()
        grad_table = grad_table.clone(memory_format=torch.channels_last)
        grads: list[Tensor] = []
        for index in reversed(range(len(firsts))):
            first, second, bottleneck = firsts[index], seconds[index], bottlenecks[index]
            made = _made(first, second)
            read, later = table[:, : made.start], slice(ctx.given, made.start)

            grad = normalise_backward(grad_table[:, made], table[:, made], inverse[made], ctx.total)[0]
            grad, grad_weight2 = _convolve_backward(second, grad, bottleneck, scratch)
            grad, grad_gamma2, grad_beta2 = normalise_backward(
                grad, bottleneck, second.gamma * inverse2[index], ctx.total
            )
            grad, grad_weight1 = _convolve_backward(first, grad, read, scratch)
            grad_table[:, later].addcmul_(grad[:, later], _per_channel(first.gamma[later]))
            grad_beta1 = grad.sum(dim=(0, 2, 3))
            grad_gamma1 = grad.mul_(read).sum(dim=(0, 2, 3))
            grads = [grad_gamma1, grad_beta1, grad_weight1, grad_gamma2, grad_beta2, grad_weight2, *grads]
        return None, None, *grads


def _halves(parameters: Sequence[Tensor]) -> tuple[list[_Half], list[_Half]]:
    """Return the first and the second halves of all layers."""
    halves = [_Half(*parameters[start : start + 3]) for start in range(0, len(parameters), 3)]
    return halves[::2], halves[1::2]


def _made(first: _Half, second: _Half) -> slice:
    """Return the channels of the table that a layer writes, which follow those that it reads."""
    return slice(len(first.gamma), len(first.gamma) + len(second.weight))


def _convolve(half: _Half, normalised: Tensor, scratch: Tensor) -> Tensor:
    """Map x_hat, (N, C, h, w), to (N, K, h, w)."""
    return F.conv2d(_rectify(half, normalised, scratch), half.weight, padding=_padding(half))


def _convolve_backward(
    half: _Half, grad: Tensor, normalised: Tensor, scratch: Tensor
) -> tuple[Tensor, Tensor]:
    """Propagate a gradient back through half a layer, except for scale and shift.

    Args:
        half: The parameters.
        grad: The gradient of the output, (N, K, h, w).
        normalised: The input x_hat, (N, C, h, w).
        scratch: Memory for N C h w values.

    Returns:
        The gradients of gamma x_hat + beta, (N, C, h, w), and of the weight.
    """
    rectified, padding = _rectify(half, normalised, scratch), _padding(half)
    grad_rectified, grad_weight, _ = torch.ops.aten.convolution_backward(
        grad, rectified, half.weight, bias_sizes=None, stride=[1, 1], padding=[padding] * 2, dilation=[1, 1],
        transposed=False, output_padding=[0, 0], groups=1, output_mask=[True, True, False],
    )  # fmt: skip
    # In place: nothing else uses this gradient, and a new tensor would cost more than the comparison.
    torch.ops.aten.threshold_backward.grad_input(grad_rectified, rectified, 0, grad_input=grad_rectified)
    return grad_rectified, grad_weight


def _rectify(half: _Half, normalised: Tensor, scratch: Tensor) -> Tensor:
    """Return relu(gamma x_hat + beta), (N, C, h, w), in the first values of `scratch`."""
    out = _channels_last(normalised, normalised.shape[1], scratch[: normalised.numel()])
    return torch.addcmul(_per_channel(half.beta), normalised, _per_channel(half.gamma), out=out).relu_()


def _padding(half: _Half) -> int:
    """Return the padding that preserves the size of the map."""
    return half.weight.shape[2] // 2


def _channels_last(like: Tensor, channels: int, memory: Tensor | None = None) -> Tensor:
    """Return uninitialised maps with the given number of channels and the batch and map size of `like`."""
    count, _, height, width = like.shape
    memory = like.new_empty(count * height * width * channels) if memory is None else memory
    return memory.view(count, height, width, channels).permute(0, 3, 1, 2)


def _per_channel(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1)
