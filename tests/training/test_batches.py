"""The order of the loop: every image once an epoch, every view in turn, every process its share."""

import numpy as np
import pytest
import torch

from cxrtune.recipe import AugmentationSpec
from cxrtune.training.batches import PixelBatches, Share, plain_order, training_order

NONE = AugmentationSpec(rotation=0, shift=0, scale=(1, 1), shear=0, flip=0)


def stored(bank, view, item):
    return torch.from_numpy(bank.views[view][item].astype(np.float32)).permute(2, 0, 1)


def sightings(bank, batches, epoch, seed=5):
    """Which (item, view) pairs an epoch shows, found again by comparing with the bank."""
    seen = []
    for (features,), _ in batches(seed=seed).training(epoch):
        for feature in features:
            matches = [
                (item, view)
                for view in range(3)
                for item in range(39)
                if torch.equal(feature, stored(bank, view, item))
            ]
            assert len(matches) == 1
            seen += matches
    return seen


def test_each_epoch_shows_every_training_image_once(bank, batches):
    assert sorted(item for item, _ in sightings(bank, batches, epoch=1)) == list(range(39))


def test_as_many_epochs_as_views_show_every_view_of_every_image(bank, batches):
    seen = {pair for epoch in range(3) for pair in sightings(bank, batches, epoch)}
    assert len(seen) == 3 * 39


def test_epochs_differ_and_seeds_decide(bank, batches):
    first = sightings(bank, batches, 0)
    assert first == sightings(bank, batches, 0)
    assert first != sightings(bank, batches, 1)
    assert first != sightings(bank, batches, 0, seed=6)


def test_labels_stand_beside_their_images(bank, batches, cohort):
    for (features,), labels in batches().training(0):
        for feature, label in zip(features, labels, strict=True):
            item = next(i for v in range(3) for i in range(39) if torch.equal(feature, stored(bank, v, i)))
            assert np.array_equal(label.numpy(), cohort.labels[bank.plan.rows[item]])


def test_validation_is_a_split_in_order(bank, batches, cohort):
    found = list(batches().validation())
    features = torch.cat([features for (features,), _ in found])
    labels = torch.cat([labels for _, labels in found]).numpy()
    assert all(torch.equal(feature, stored(bank, 0, 39 + i)) for i, feature in enumerate(features))
    assert np.array_equal(labels, cohort.labels[bank.plan.rows[39:49]])


def test_batches_are_in_the_memory_order_that_convolutions_read_fastest(batches):
    (features,), _ = next(batches().training(0))
    assert features.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("count", "size"), [(39, 8), (33, 8), (8, 8), (3, 8), (70, 16)])
def test_batches_are_of_one_length_or_one_less(count, size):
    lengths = [len(batch) for batch in training_order(count, size, seed=1, epoch=2)]
    assert sum(lengths) == count
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1
    assert len(lengths) == -(-count // size)


@pytest.mark.parametrize("team", [2, 3, 5])
@pytest.mark.parametrize(("count", "size"), [(39, 8), (3, 8), (70, 16)])
def test_a_team_sees_the_batches_of_one_process_and_no_image_is_lost_or_seen_twice(count, size, team):
    alone = training_order(count, size, seed=1, epoch=2)
    shares = [training_order(count, size, seed=1, epoch=2, rank=rank, team_size=team) for rank in range(team)]
    for number, batch in enumerate(alone):
        assert sorted(item for share in shares for item in share[number]) == sorted(batch)
    validated = [plain_order(count, 4, rank=rank, team_size=team) for rank in range(team)]
    assert sorted(item for share in validated for batch in share for item in batch) == list(range(count))


def test_pixels_come_with_transforms_of_their_own(pack, plan, labels, recipe):
    share = Share(39, 10, 8, seed=5)
    batches = PixelBatches(pack, plan.rows, labels, recipe.augmentation, share)
    drawn = {}
    for epoch in (0, 1):
        order = np.concatenate(share.of_epoch(epoch))
        parts = [inputs for inputs, _ in batches.training(epoch)]
        pixels, matrices = (torch.cat(part) for part in zip(*parts, strict=True))
        assert np.array_equal(pixels.numpy(), pack.pixels[plan.rows[order]])
        drawn[epoch] = matrices[np.argsort(order)]
    assert len(np.unique(torch.cat(list(drawn.values())).numpy(), axis=0)) == 2 * 39
    (pixels,), truth = next(batches.validation())
    assert np.array_equal(pixels.numpy(), pack.pixels[plan.rows[39:49]])
    assert np.array_equal(truth, labels[39:49])


def test_a_process_without_images_in_a_batch_gets_an_empty_one(pack, plan, labels):
    share = Share(39, 10, 2, seed=5, rank=1, team_size=2)
    lengths = [len(truth) for _, truth in PixelBatches(pack, plan.rows, labels, NONE, share).training(0)]
    assert min(lengths) == 0
    assert len(lengths) == 20
