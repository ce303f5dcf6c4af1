"""A batch spread over two processes is one batch: statistics, gradients and what is tracked."""

import os
import sys

import pytest
import torch
from torch import distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel
from torchvision.models.densenet import _DenseBlock

from cxrtune.models.dense_block import train_dense_block

pytestmark = pytest.mark.system

IMAGES = 8
SPLITS = {"5+3": (5, 3), "4+0": (4, 0), "0+2": (0, 2)}


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.block = _DenseBlock(2, 6, bn_size=2, growth_rate=4, drop_rate=0.0)
        self.norm = torch.nn.BatchNorm2d(14)
        self.double().train()

    def forward(self, features):
        return train_dense_block(self.block, self.norm, features)


def batch():
    generator = torch.Generator().manual_seed(1)
    # A large mean, on which E[x^2] - E[x]^2 would fail.
    features = torch.randn(IMAGES, 6, 3, 3, generator=generator, dtype=torch.float64) + 1e4
    return features, torch.rand(IMAGES, 14, 3, 3, generator=generator, dtype=torch.float64)


def step(module, images):
    features, weights = batch()
    (module(features[images]) * weights[images]).sum().backward()


def result(block):
    return {name: p.grad for name, p in block.named_parameters()} | dict(block.named_buffers())


def work(rank, folder):
    """Learn from this process's share of every split, in the way `DistributedDataParallel` does."""
    torch.set_num_threads(1)
    if sys.platform == "linux":
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    store = f"file://{folder}/store"
    distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    found = {}
    for name, split in SPLITS.items():
        block = Block()
        start = sum(split[:rank])
        step(DistributedDataParallel(block), slice(start, start + split[rank]))
        found[name] = result(block)
    try:
        train_dense_block(block.block, block.norm, batch()[0][: 1 - rank, :, :1, :1])
    except ValueError as error:
        found["error"] = str(error)
    torch.save(found, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    multiprocessing.spawn(work, args=(str(folder),), nprocs=2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("split", SPLITS)
def test_two_processes_learn_what_one_learns_from_the_whole_batch(found, split):
    alone = Block()
    step(alone, slice(0, sum(SPLITS[split])))
    for process in found:
        ours, theirs = process[split], result(alone)
        for name, value in theirs.items():
            # Data-parallel training averages the gradients of two losses that were sums.
            expected = value / 2 if not name.endswith(("mean", "var", "tracked")) else value
            torch.testing.assert_close(ours[name], expected, rtol=1e-7, atol=1e-9)


def test_one_value_a_channel_on_all_processes_is_torchs_error(found):
    assert all(process["error"].startswith("Expected more than 1 value per channel") for process in found)
