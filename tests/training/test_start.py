"""What is learned, and what the network starts from."""

import dataclasses

import numpy as np
import pytest
import torch

from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError
from cxrtune.models.densenet import build_network
from cxrtune.training.start import learnable_findings, start_network


def test_a_finding_without_training_positives_is_not_learned(cohort, pack):
    frame = cohort.frame.copy()
    frame.loc[frame["split"] == "train", "Mass"] = 0
    assert learnable_findings(cohort, pack) == ("Effusion", "Mass")
    assert learnable_findings(CohortTable(frame), pack) == ("Effusion",)


def test_positives_on_unreadable_images_do_not_count(cohort, pack):
    frame = cohort.frame.copy()
    frame.loc[frame["split"] == "train", "Mass"] = 0
    frame.loc[7, "Mass"] = 1
    assert learnable_findings(CohortTable(frame), pack) == ("Effusion",)


def test_nothing_to_learn_is_an_error(cohort, pack):
    frame = cohort.frame.assign(Effusion=0, Mass=0)
    with pytest.raises(DataError, match="no finding has both"):
        learnable_findings(CohortTable(frame), pack)
    blank = dataclasses.replace(pack, readable=np.zeros(60, dtype=bool))
    with pytest.raises(DataError, match="no readable train images"):
        learnable_findings(cohort, blank)


def test_random_weights_come_from_the_seed_and_are_calibrated(cohort, pack, recipe):
    first, origin = start_network(cohort, pack, recipe, ("Effusion", "Mass"), lambda _: None)
    second, _ = start_network(cohort, pack, recipe, ("Effusion", "Mass"), lambda _: None)
    assert all(torch.equal(v, second.state_dict()[n]) for n, v in first.state_dict().items())
    assert "random" in origin.sentence
    fresh = build_network(2, recipe.head, recipe.preprocess, recipe.seed)
    assert torch.equal(first.trunk.features.conv0.weight, fresh.trunk.features.conv0.weight)
    assert not torch.equal(first.trunk.features.norm0.running_mean, fresh.trunk.features.norm0.running_mean)
    with torch.inference_mode():
        spread = first.features(torch.from_numpy(pack.pixels[:20])).std(dim=0).mean()
    assert 0.01 < spread < 10
