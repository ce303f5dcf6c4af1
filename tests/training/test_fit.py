"""The loop: it learns, keeps its best epoch, writes each down, repeats itself and goes on to the bit."""

import copy
import csv
from functools import cache

import numpy as np
import pytest
import torch

from command_line import files_below
from cxrtune.errors import CxrtuneError, DataError
from cxrtune.evaluation.roc import macro_auroc
from cxrtune.progress import SilentReporter
from cxrtune.recipe import AugmentationSpec, validate_recipe
from cxrtune.training.bank.view_file import FeatureBank
from cxrtune.training.batches import BankBatches, PixelBatches, Share
from cxrtune.training.fit import Watchers, fit
from cxrtune.training.loop import averaged_model, masked_bce, positive_weights
from cxrtune.training.stage import tail_stage, unfrozen_stage
from cxrtune.training.state import STATE, TrainingState, load_state

pytestmark = pytest.mark.system

STILL = AugmentationSpec(rotation=0, shift=0, scale=(1, 1), shear=0, flip=0)


class Setting:
    """Trains a copy of the network in a folder."""

    def __init__(self, network, pack, plan, labels, batches, team):
        self.network, self.pack, self.plan, self.labels = network, pack, plan, labels
        self.batches, self.team = batches, team

    def __call__(self, out, *, pixels=None, unfreeze=None, key="k", labels=None, trackers=(), **training):
        network = copy.deepcopy(self.network)
        spec = {"epochs": 3, "batch_size": 8, "early_stopping": 0} | training
        content = {"seed": 5, "weights": "random", "preprocess": {"size": 64}, "training": spec}
        recipe = validate_recipe(content | ({"unfreeze": unfreeze} if unfreeze else {}), "test")
        truth = self.labels if labels is None else labels
        share = Share(39, 10, spec["batch_size"], 5)
        from_pixels = PixelBatches(self.pack, self.plan.rows, truth, pixels or recipe.augmentation, share)
        batches = from_pixels if pixels else self.batches(spec["batch_size"])
        stages = [tail_stage(network, recipe, batches, from_pixels=bool(pixels))]
        if unfreeze:
            stages.append(unfrozen_stage(network, recipe, from_pixels))
        result = fit(
            network, stages, {"train": truth[:39], "validation": truth[39:49]}, recipe, self.team, out,
            state=load_state(out, key) or TrainingState(), key=key,
            watchers=Watchers(SilentReporter(), trackers),
        )  # fmt: skip
        return network, result


@pytest.fixture(scope="module")
def train(network, pack, plan, labels, batches, team):
    return Setting(network, pack, plan, labels, batches, team)


def table(out):
    with (out / "metrics.csv").open() as stream:
        return [
            {k: v if k == "stage" else float(v) for k, v in row.items()} for row in csv.DictReader(stream)
        ]


def without_seconds(out):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in table(out)]


def same_weights(first, second):
    stored = second.state_dict()
    return all(torch.equal(value, stored[name]) for name, value in first.state_dict().items())


@pytest.fixture(scope="module")
def trained(train, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    return (*train(out, epochs=4, monitor="val_auroc"), out)


def test_it_learns_what_is_to_be_seen(trained):
    rows = table(trained[2])
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]


def test_every_epoch_is_a_line(trained):
    _, result, out = trained
    rows = table(out)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4] == list(range(1, result.epochs + 1))
    assert all(row["seconds"] > 0 and row["stage"] == "tail" for row in rows)


def test_the_network_holds_the_weights_of_its_best_epoch(trained, batches, labels):
    network, result, out = trained
    rows = table(out)
    best = max(rows, key=lambda row: row["val_auroc"])
    assert (result.best_epoch, result.best) == (best["epoch"], best["val_auroc"])
    network.eval()
    with torch.inference_mode():
        parts = [(network.tail(*inputs), truth) for inputs, truth in batches().validation()]
    logits, truth = (torch.cat(part) for part in zip(*parts, strict=True))
    area, _ = macro_auroc(truth.numpy(), logits.numpy())
    assert area == pytest.approx(best["val_auroc"], abs=1e-7)
    weight = torch.from_numpy(positive_weights(labels[:39]))
    assert masked_bce(logits, truth, weight).item() == pytest.approx(best["val_loss"], rel=1e-5)


def test_the_training_loss_is_the_mean_over_the_images(train, tmp_path, network, batches, labels):
    train(tmp_path, epochs=1, learning_rate=1e-30)
    weight = torch.from_numpy(positive_weights(labels[:39]))
    tail = copy.deepcopy(network.tail).train()
    losses = [
        (masked_bce(tail(*inputs), truth, weight).item(), len(truth))
        for inputs, truth in batches().training(0)
    ]
    expected = sum(loss * count for loss, count in losses) / 39
    assert table(tmp_path)[0]["train_loss"] == pytest.approx(expected, rel=1e-5)


def test_only_metrics_and_state_are_left_in_the_run_folder(trained):
    assert files_below(trained[2]) == {"metrics.csv", STATE}


def test_the_same_recipe_and_seed_give_the_same_weights_to_the_bit(train, tmp_path):
    first, second = (train(tmp_path / name, epochs=2)[0] for name in "ab")
    assert same_weights(first, second)


class Killed(BaseException):
    """Stands for the end of a process."""


def killed_after(monkeypatch, epochs):
    """Let the training end right after it has saved the state of some epochs."""
    import cxrtune.training.fit as module

    saves = []

    def save(*arguments):
        original(*arguments)
        saves.append(1)
        if len(saves) == epochs:
            raise Killed

    original = module.save_state
    monkeypatch.setattr(module, "save_state", save)


RECIPES = {
    "plateau": {"epochs": 4, "schedule": {"name": "plateau", "patience": 0}},
    "cosine with warm-up": {"epochs": 4, "schedule": {"name": "cosine", "warmup": 0.3}},
    "average of the weights": {"epochs": 4, "ema": 0.9},
    "early stopping": {"epochs": 8, "early_stopping": 1, "learning_rate": 1e-12},
    "two stages": {
        "epochs": 2,
        "ema": 0.9,
        "unfreeze": {"part": "denseblock3", "epochs": 2, "learning_rate": 1e-3},
    },
    "pixels": {"epochs": 3, "pixels": AugmentationSpec()},
}


@pytest.fixture(scope="module")
def undisturbed(train, tmp_path_factory):
    """Return a function that trains by a recipe once, and gives the network, the result and the folder."""

    @cache
    def make(name):
        out = tmp_path_factory.mktemp("whole")
        return (*train(out, **RECIPES[name]), out)

    return make


@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("name", RECIPES)
def test_a_training_that_was_cut_off_ends_like_one_that_was_not(
    train, undisturbed, tmp_path, monkeypatch, name, after
):
    whole, result, out = undisturbed(name)
    if after >= result.epochs:
        pytest.skip("it is over by then")
    with monkeypatch.context() as patch:
        killed_after(patch, after)
        with pytest.raises(Killed):
            train(tmp_path / "killed", **RECIPES[name])
    resumed, again = train(tmp_path / "killed", **RECIPES[name])
    assert (result.resumed, again.resumed) == (0, after)
    assert same_weights(whole, resumed)
    assert without_seconds(out) == without_seconds(tmp_path / "killed")


def test_the_state_of_another_training_is_not_taken(train, tmp_path):
    train(tmp_path, epochs=1, key="another")
    assert load_state(tmp_path, "k") is None
    assert train(tmp_path, epochs=1)[1].resumed == 0


def test_a_damaged_state_is_not_taken(tmp_path):
    (tmp_path / STATE).write_bytes(b"no zip")
    assert load_state(tmp_path, "k") is None


def test_features_and_pixels_give_the_same_loss_curve_when_nothing_is_augmented(
    train, tmp_path, bank, labels
):
    plain = copy.copy(train)
    one = FeatureBank(bank.plan, {0: bank.views[0]})
    plain.batches = lambda size: BankBatches(lambda _: one, one, labels, Share(39, 10, size, 5))
    # Adam divides a gradient by its own size, so one whose sign lies within the rounding turns a whole step.
    # The step is the learning rate: at 1e-5 what is turned stays of second order, at 1e-3 it decides.
    slow = {"epochs": 4, "learning_rate": 1e-5}
    plain(tmp_path / "bank", **slow)
    plain(tmp_path / "pixels", **slow, pixels=STILL)
    ours, theirs = table(tmp_path / "bank"), table(tmp_path / "pixels")
    for measure in ("train_loss", "val_loss"):
        found, expected = ([row[measure] for row in rows] for rows in (ours, theirs))
        # float16 keeps eleven bits: no feature is further off than 2**-11 of itself.
        np.testing.assert_allclose(found, expected, rtol=2**-11)
    # All the same something was learned, by a hundred times of that.
    assert ours[-1]["train_loss"] < 0.95 * ours[0]["train_loss"]


def test_unfreezing_moves_what_it_should_and_nothing_below(train, tmp_path, network):
    after, result = train(
        tmp_path, epochs=1, unfreeze={"part": "denseblock3", "epochs": 2, "learning_rate": 1e-2},
        monitor="val_loss",
    )  # fmt: skip
    assert [row["stage"] for row in table(tmp_path)] == ["tail", "denseblock3", "denseblock3"]
    assert result.epochs == 3
    moving = {name for name, parameter in after.named_parameters() if parameter.requires_grad}
    assert all(
        name.startswith(("tail.", "trunk.features.denseblock3", "trunk.features.transition3"))
        for name in moving
    )
    before, stored = network.state_dict(), after.state_dict()
    for name, value in before.items():
        if (
            name.startswith("trunk.")
            and name not in moving
            and "block3" not in name
            and "transition3" not in name
        ):
            assert torch.equal(value, stored[name]), name
    if result.best_epoch > 1:
        assert not torch.equal(
            before["trunk.features.denseblock3.denselayer1.conv1.weight"],
            stored["trunk.features.denseblock3.denselayer1.conv1.weight"],
        )


def test_a_second_stage_that_makes_nothing_better_is_undone(train, tmp_path):
    first, _ = train(tmp_path / "one", epochs=2)
    poor = {"part": "all", "epochs": 1, "learning_rate": 0.5, "warmup": 0}
    second, result = train(tmp_path / "two", epochs=2, unfreeze=poor)
    assert result.best_epoch <= 2
    assert same_weights(first, second)


def test_layers_learn_more_slowly_the_lower_they_are(network):
    spec = {"part": "all", "learning_rate": 1e-3, "layer_decay": 0.5}
    stage = unfrozen_stage(copy.deepcopy(network), validate_recipe({"unfreeze": spec}, "test"), None)
    stage.prepare()
    groups = stage.groups()
    np.testing.assert_allclose([group["rate"] for group in groups], 1e-3 * 0.5 ** np.arange(6))
    assert sum(parameter.numel() for group in groups for parameter in group["params"]) == sum(
        parameter.numel() for parameter in network.parameters()
    )


def test_the_average_follows_the_weights(network, bank, labels):
    model = torch.nn.Linear(1, 1, bias=False)
    average = averaged_model(model, 0.5)
    expected = None
    for step, value in enumerate([1.0, 3.0, 7.0, 2.0]):
        model.weight.data.fill_(value)
        average.update_parameters(model)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = value if expected is None else decay * expected + (1 - decay) * value
        assert average.module.weight.item() == pytest.approx(expected)


def test_cosine_falls_to_nothing_and_plateau_falls_by_its_factor(train, tmp_path):
    train(tmp_path / "cosine", epochs=4, schedule={"name": "cosine"})
    expected = [0.5 * (1 + np.cos(np.pi * epoch / 4)) * 1e-3 for epoch in range(4)]
    rates = [row["learning_rate"] for row in table(tmp_path / "cosine")]
    np.testing.assert_allclose(rates, expected, rtol=1e-6)
    # A learning rate of next to nothing never improves by the plateau's tolerance.
    still = {"learning_rate": 1e-12, "schedule": {"name": "plateau", "patience": 0, "factor": 0.5}}
    train(tmp_path / "plateau", epochs=4, **still)
    rates = [row["learning_rate"] for row in table(tmp_path / "plateau")]
    assert rates[0] == 1e-12
    assert sorted(rates, reverse=True) == rates


def test_early_stopping_stops(train, tmp_path):
    _, result = train(tmp_path, epochs=8, early_stopping=1, learning_rate=1e-12, monitor="val_auroc")
    assert result.epochs < 8


def test_class_weights_can_be_switched_off(train, tmp_path):
    losses = {}
    for weights in ("none", "balanced"):
        train(tmp_path / weights, epochs=1, class_weights=weights)
        losses[weights] = table(tmp_path / weights)[0]["val_loss"]
    assert losses["none"] != losses["balanced"]


def test_best_epochs_by_an_auroc_that_is_not_defined_are_refused_before_the_first(train, labels, tmp_path):
    blank = labels.copy()
    blank[39:49] = 0
    with pytest.raises(DataError, match="so no AUROC is defined") as caught:
        train(tmp_path, labels=blank, monitor="val_auroc")
    assert "training.monitor=val_loss" in str(caught.value)
    assert not list(tmp_path.iterdir())
    train(tmp_path, labels=blank, monitor="val_loss", epochs=1)


def test_a_loss_that_is_no_number_stops_the_run_and_is_named(train, tmp_path):
    named = r"training loss became (nan|inf) in epoch 1, batch \d of the stage, at learning rate 1e\+30"
    with pytest.raises(CxrtuneError, match=named) as caught:
        train(tmp_path, learning_rate=1e30)
    assert "training.learning_rate" in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_memory_that_runs_out_is_one_error_and_the_run_goes_on_later(train, tmp_path, monkeypatch, error):
    from cxrtune.training.loop import Loop

    whole, _ = train(tmp_path / "whole", epochs=2)
    with monkeypatch.context() as patch:
        calls = []

        def validate(self):
            calls.append(1)
            if len(calls) == 2:
                raise error
            return original(self)

        original = Loop.validate
        patch.setattr(Loop, "validate", validate)
        with pytest.raises(
            CxrtuneError, match="memory ran out in epoch 2 with batches of 8 images"
        ) as caught:
            train(tmp_path / "short", epochs=2)
    assert "run the same command: it goes on with this epoch" in str(caught.value)
    resumed, result = train(tmp_path / "short", epochs=2)
    assert result.resumed == 1
    assert same_weights(whole, resumed)
