"""The loop: it learns, keeps its best epoch, writes every epoch down, and repeats itself to the bit."""

import copy
import csv

import numpy as np
import pytest
import torch

from cxrtune.cohort.table import Cohort
from cxrtune.errors import CxrtuneError, DataError
from cxrtune.evaluation.roc import macro_auroc
from cxrtune.progress import SilentReporter
from cxrtune.recipe import TrainingSpec
from cxrtune.training.batches import PlainBatches
from cxrtune.training.fit import fit
from cxrtune.training.loss import masked_bce, positive_weights


def train(network, bank, cohort, out, **changes):
    tail = copy.deepcopy(network.tail)
    spec = TrainingSpec.model_validate({"epochs": 3, "batch_size": 8, "early_stopping": 0, **changes})
    return tail, fit(tail, bank, cohort.labels, spec, 5, out, SilentReporter())


def table(out):
    with (out / "metrics.csv").open() as stream:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(stream)]


def validation(tail, bank, cohort):
    tail.eval()
    with torch.inference_mode():
        parts = [
            (tail(features), labels) for features, labels in PlainBatches(bank, cohort.labels, "validation")
        ]
    return tuple(torch.cat(part) for part in zip(*parts, strict=True))


@pytest.fixture(scope="module")
def trained(network, bank, cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    return (*train(network, bank, cohort, out, epochs=4, monitor="val_auroc"), out)


def test_it_learns_what_is_to_be_seen(trained):
    rows = table(trained[2])
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]


def test_every_epoch_is_a_line(trained):
    _, result, out = trained
    rows = table(out)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4] == list(range(1, result.epochs + 1))
    assert all(row["seconds"] > 0 for row in rows)


def test_the_tail_holds_the_weights_of_its_best_epoch(trained, bank, cohort):
    tail, result, out = trained
    rows = table(out)
    best = max(rows, key=lambda row: row["val_auroc"])
    assert (result.best_epoch, result.best) == (best["epoch"], best["val_auroc"])
    logits, labels = validation(tail, bank, cohort)
    area, _ = macro_auroc(labels.numpy(), logits.numpy())
    assert area == pytest.approx(best["val_auroc"], abs=1e-7)
    weight = torch.from_numpy(positive_weights(cohort.labels[bank.rows[bank.span("train")]]))
    assert masked_bce(logits, labels, weight).item() == pytest.approx(best["val_loss"], rel=1e-5)


def test_nothing_but_the_metrics_is_left_in_the_run_folder(trained):
    assert [path.name for path in trained[2].iterdir()] == ["metrics.csv"]


def test_the_same_recipe_and_seed_give_the_same_weights_to_the_bit(network, bank, cohort, tmp_path):
    first, second = (train(network, bank, cohort, tmp_path, epochs=2)[0].state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_cosine_falls_to_nothing_and_plateau_falls_by_its_factor(network, bank, cohort, tmp_path):
    train(network, bank, cohort, tmp_path, epochs=4, schedule={"name": "cosine"})
    expected = [0.5 * (1 + np.cos(np.pi * epoch / 4)) * 1e-3 for epoch in range(4)]
    np.testing.assert_allclose([row["learning_rate"] for row in table(tmp_path)], expected, rtol=1e-6)
    # A learning rate of next to nothing never improves by the plateau's tolerance.
    still = {
        "epochs": 4,
        "learning_rate": 1e-12,
        "schedule": {"name": "plateau", "patience": 0, "factor": 0.5},
    }
    train(network, bank, cohort, tmp_path, **still)
    rates = [row["learning_rate"] for row in table(tmp_path)]
    assert rates[0] == 1e-12
    assert sorted(rates, reverse=True) == rates


def test_early_stopping_stops(network, bank, cohort, tmp_path):
    _, result = train(
        network, bank, cohort, tmp_path, epochs=8, early_stopping=1, learning_rate=1e-12, monitor="val_auroc"
    )
    assert result.epochs < 8


def test_class_weights_can_be_switched_off(network, bank, cohort, tmp_path):
    train(network, bank, cohort, tmp_path, epochs=1, class_weights="none")
    plain = table(tmp_path)[0]["val_loss"]
    train(network, bank, cohort, tmp_path, epochs=1, class_weights="balanced")
    assert table(tmp_path)[0]["val_loss"] != plain


def test_best_epochs_by_an_auroc_that_is_not_defined_are_refused_before_the_first(
    network, bank, cohort, tmp_path
):
    frame = cohort.frame.copy()
    frame.loc[frame["split"] == "validation", ["Effusion", "Mass"]] = 0
    with pytest.raises(DataError, match="so no AUROC is defined") as caught:
        train(network, bank, Cohort(frame), tmp_path, monitor="val_auroc")
    assert "training.monitor=val_loss" in str(caught.value)
    assert not list(tmp_path.iterdir())
    train(network, bank, Cohort(frame), tmp_path, epochs=1, monitor="val_loss")


def test_a_loss_that_is_no_number_stops_the_run_and_is_named(network, bank, cohort, tmp_path):
    with pytest.raises(CxrtuneError, match=r"training loss became (nan|inf) in epoch 1") as caught:
        train(network, bank, cohort, tmp_path, learning_rate=1e30)
    assert "training.learning_rate" in str(caught.value)
    assert not list(tmp_path.iterdir())
