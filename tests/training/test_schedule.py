"""The learning rate of every step, against torch's own schedulers."""

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau

from cxrtune.recipe import ScheduleSpec
from cxrtune.training.schedule import Plateau, rate_factor


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def test_cosine_is_torchs():
    theirs = optimizer()
    scheduler = CosineAnnealingLR(theirs, T_max=50)
    spec = ScheduleSpec(name="cosine")
    for step in range(50):
        assert rate_factor(spec, step, 50, Plateau()) == pytest.approx(theirs.param_groups[0]["lr"], abs=1e-9)
        theirs.step()
        scheduler.step()


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_plateau_is_torchs(patience):
    theirs = optimizer()
    scheduler = ReduceLROnPlateau(theirs, patience=patience, factor=0.3, min_lr=0, eps=0)
    spec = ScheduleSpec(name="plateau", patience=patience, factor=0.3)
    ours = Plateau()
    for loss in 1 + 0.2 * np.random.default_rng(patience).standard_normal(40):
        scheduler.step(loss)
        ours = ours.after(float(loss), spec)
        assert rate_factor(spec, 7, 100, ours) == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-9)


def test_warm_up_rises_in_equal_steps_and_then_the_rest_follows():
    spec = ScheduleSpec(name="cosine", warmup=0.25)
    factors = [rate_factor(spec, step, 40, Plateau()) for step in range(40)]
    np.testing.assert_allclose(factors[:10], np.arange(1, 11) / 11)
    assert factors[10] == 1.0
    assert all(np.diff(factors[10:]) < 0)
    assert 0 < factors[-1] < 0.01


def test_constant_is_constant():
    assert {rate_factor(ScheduleSpec(name="constant"), step, 9, Plateau()) for step in range(9)} == {1.0}
