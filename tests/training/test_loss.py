"""The loss against scikit-learn and its own definition."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from cxrtune.training.loop import masked_bce, positive_weights


@pytest.fixture
def batch():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(40, 3, generator=random)
    labels = (torch.rand(40, 3, generator=random) < 0.3).float()
    return logits, labels


def test_without_weights_it_is_the_log_loss(batch):
    logits, labels = batch
    expected = log_loss(labels.flatten(), torch.sigmoid(logits).flatten())
    assert masked_bce(logits, labels, torch.ones(3)).item() == pytest.approx(expected, rel=1e-6)


def test_class_weights_are_negatives_over_positives_of_the_known(batch):
    labels = np.array([[1, 0], [0, 1], [0, np.nan], [0, 1.0]], dtype=np.float32)
    np.testing.assert_allclose(positive_weights(labels), [3.0, 0.5])


def test_with_class_weights_both_classes_weigh_alike(batch):
    _, labels = batch
    weight = torch.from_numpy(positive_weights(labels.numpy()))
    logits = torch.zeros(40, 3, requires_grad=True)
    masked_bce(logits, labels, weight).backward()
    positive = torch.where(labels == 1, logits.grad, 0).sum(dim=0)
    negative = torch.where(labels == 0, logits.grad, 0).sum(dim=0)
    torch.testing.assert_close(positive, -negative)


def test_unknown_labels_carry_neither_loss_nor_gradient(batch):
    logits, labels = batch
    labels[5:, 1] = torch.nan
    logits.requires_grad_()
    loss = masked_bce(logits, labels, torch.ones(3))
    loss.backward()
    known = ~torch.isnan(labels)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits[known], labels[known])
    torch.testing.assert_close(loss, expected)
    assert (logits.grad[5:, 1] == 0).all()
    assert torch.isfinite(logits.grad).all()


def test_nothing_known_is_no_loss():
    assert masked_bce(torch.randn(2, 2), torch.full((2, 2), torch.nan), torch.ones(2)).item() == 0
