"""A small cohort with its pack in memory, a network of small images, and a bank of it."""

import numpy as np
import pandas as pd
import pytest

from cxrtune.cohort.table import CohortTable
from cxrtune.engines.torch_engine import TorchEngine
from cxrtune.models.densenet import build_network
from cxrtune.packs.pack import Pack
from cxrtune.recipe import Recipe
from cxrtune.training.bank.build import TrunkOutput, build_views
from cxrtune.training.bank.plan import plan_bank
from cxrtune.training.bank.view_file import open_bank
from cxrtune.training.batches import BankBatches, Share
from cxrtune.training.team import Machines, assemble

FINDINGS = ("Effusion", "Mass")


@pytest.fixture(scope="session")
def recipe():
    return Recipe.model_validate(
        {
            "seed": 5,
            "weights": "random",
            "preprocess": {"size": 64},
            "head": {"pooling": "average"},
            "bank": {"views": 3},
            "training": {"epochs": 3, "batch_size": 8, "early_stopping": 0},
        }
    )


@pytest.fixture(scope="session")
def cohort():
    """Sixty images; every fifth patient is validated on, every sixth tested on."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "image": [f"{row:08}_000.png" for row in range(60)],
            "patient": [str(row) for row in range(60)],
            "view": "PA",
            "sex": "F",
            "age": 50,
            "followup": 0,
            "split": [
                "test" if row % 6 == 0 else "validation" if row % 5 == 0 else "train" for row in range(60)
            ],
        }
    )
    for finding in FINDINGS:
        frame[finding] = pd.array((random.random(60) < 0.4).astype(int), dtype="Int8")
    return CohortTable(frame)


@pytest.fixture(scope="session")
def pack(cohort, recipe):
    """Noise, brighter where there is an effusion; row 7 could not be read."""
    noise = np.random.default_rng(1).integers(0, 120, (60, 64, 64))
    pixels = (noise + 100 * cohort.labels[:, 0].astype(int)[:, None, None]).astype(np.uint8)
    readable = np.ones(60, dtype=bool)
    readable[7] = False
    pixels[7] = 0
    return Pack(pixels, readable, recipe.preprocess)


@pytest.fixture(scope="session")
def network(recipe):
    return build_network(2, recipe.head, recipe.preprocess, recipe.seed)


@pytest.fixture(scope="session")
def team():
    """This process alone."""
    return assemble(Machines())


@pytest.fixture(scope="session")
def plan(cohort, pack, recipe):
    return plan_bank(cohort, pack, recipe)


@pytest.fixture(scope="session")
def build(network, plan, pack, recipe, team):
    """Return a function that builds views into a folder."""

    def into(folder, views=(0, 1, 2), **changes):
        folder.mkdir(exist_ok=True)
        parts = {"plan": plan, "pack": pack, "recipe": recipe, "team": team} | changes
        engine = parts.pop("engine", TorchEngine(TrunkOutput(network)))
        build_views(folder, parts["plan"], views, lambda: engine, parts["pack"], parts["recipe"],
                    parts["team"], progress=parts.get("progress", lambda _: None))  # fmt: skip
        return open_bank(folder, parts["plan"], views)

    return into


@pytest.fixture(scope="session")
def bank(build, tmp_path_factory):
    return build(tmp_path_factory.mktemp("bank"))


@pytest.fixture(scope="session")
def labels(cohort, plan):
    """float32, of the bank's rows."""
    return cohort.labels[plan.rows]


@pytest.fixture(scope="session")
def batches(bank, labels):
    """Return a function that makes the bank's batches."""

    def make(batch_size=8, seed=5, **share):
        return BankBatches(lambda _: bank, bank, labels, Share(39, 10, batch_size, seed, **share))

    return make
