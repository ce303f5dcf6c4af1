"""The order of the loop: every image once an epoch, every view in turn."""

import numpy as np
import torch

from cxrtune.training.batches import PlainBatches, TrainingBatches


def stored(bank, view, item):
    return torch.from_numpy(bank.views[view][item].astype(np.float32)).permute(2, 0, 1)


def sightings(bank, cohort, epoch, seed=5):
    """Which (item, view) pairs an epoch shows, found again by comparing with the bank."""
    batches = TrainingBatches(bank, cohort.labels, batch_size=8, seed=seed)
    batches.set_epoch(epoch)
    seen = []
    for features, _ in batches:
        for feature in features:
            matches = [
                (item, view)
                for view in range(3)
                for item in range(bank.sizes["train"])
                if torch.equal(feature, stored(bank, view, item))
            ]
            assert len(matches) == 1
            seen += matches
    return seen


def test_each_epoch_shows_every_training_image_once(bank, cohort):
    assert sorted(item for item, _ in sightings(bank, cohort, epoch=1)) == list(range(39))


def test_as_many_epochs_as_views_show_every_view_of_every_image(bank, cohort):
    seen = {pair for epoch in range(3) for pair in sightings(bank, cohort, epoch)}
    assert len(seen) == 3 * 39


def test_epochs_differ_and_seeds_decide(bank, cohort):
    first = sightings(bank, cohort, 0)
    assert first == sightings(bank, cohort, 0)
    assert first != sightings(bank, cohort, 1)
    assert first != sightings(bank, cohort, 0, seed=6)


def test_labels_stand_beside_their_images(bank, cohort):
    for features, labels in TrainingBatches(bank, cohort.labels, batch_size=8, seed=5):
        for feature, label in zip(features, labels, strict=True):
            item = next(i for v in range(3) for i in range(39) if torch.equal(feature, stored(bank, v, i)))
            assert np.array_equal(label.numpy(), cohort.labels[bank.rows[item]])


def test_the_length_is_the_number_of_batches(bank, cohort):
    batches = TrainingBatches(bank, cohort.labels, batch_size=8, seed=5)
    assert len(batches) == len(list(batches)) == 5
    assert len(PlainBatches(bank, cohort.labels, "validation", 4)) == 3


def test_plain_batches_are_a_split_in_order(bank, cohort):
    batches = list(PlainBatches(bank, cohort.labels, "validation", 4))
    features = torch.cat([features for features, _ in batches])
    labels = torch.cat([labels for _, labels in batches]).numpy()
    assert all(torch.equal(feature, stored(bank, 0, 39 + i)) for i, feature in enumerate(features))
    assert np.array_equal(labels, cohort.labels[cohort.rows("validation")])


def test_batches_are_in_the_memory_order_that_convolutions_read_fastest(bank, cohort):
    features, _ = next(iter(TrainingBatches(bank, cohort.labels, batch_size=8, seed=5)))
    assert features.is_contiguous(memory_format=torch.channels_last)
