"""Recipes: what the shipped ones say, and how a wrong one is refused."""

from importlib.resources import files

import pytest
import yaml

from cxrtune.errors import RecipeError, UsageError
from cxrtune.recipe import Recipe
from cxrtune.recipe_file import load_recipe, shipped_recipes


def flat(content: dict, prefix: str = "") -> dict[str, object]:
    """Dotted keys of a nested mapping, with tuples as YAML writes them."""
    found = {}
    for key, value in content.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = list(value) if isinstance(value, tuple) else value
    return found


def written(name: str) -> dict[str, object]:
    """What a shipped recipe's file says, read by nothing but YAML."""
    return flat(yaml.safe_load((files("cxrtune") / "recipes" / f"{name}.yaml").read_text(encoding="utf-8")))


def test_the_shipped_recipes_are_the_packages_files():
    names = {entry.name for entry in (files("cxrtune") / "recipes").iterdir() if entry.name[0] not in "_."}
    assert {f"{name}.yaml" for name in shipped_recipes()} == names
    assert {"reference", "quick", "demo"} <= set(shipped_recipes())


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_shipped_recipe_changes_what_it_says_and_nothing_else(name):
    found, defaults = flat(load_recipe(name).model_dump()), flat(Recipe().model_dump())
    says = written(name)
    assert {key: found[key] for key in says} == says
    assert {key for key in defaults if found[key] != defaults[key]} <= set(says)
    assert found["name"] == name


def test_the_reference_recipe_spells_out_every_default():
    assert load_recipe("reference") == Recipe()
    assert written("reference") == flat(Recipe().model_dump())


def test_the_reference_recipe_is_the_experiment_that_is_to_be_reproduced():
    recipe = load_recipe("reference")
    assert recipe.preprocess.size == 224
    assert recipe.preprocess.mean == (0.485, 0.456, 0.406)
    assert recipe.preprocess.std == (0.229, 0.224, 0.225)
    spec = recipe.augmentation
    assert (spec.rotation, spec.shift, spec.scale, spec.shear, spec.flip) == (5, 0.02, (0.95, 1.05), 5, 0.5)
    loop = recipe.training
    assert (loop.learning_rate, loop.weight_decay, loop.batch_size, loop.epochs) == (1e-3, 1e-4, 16, 20)
    assert (loop.schedule.name, loop.schedule.patience, loop.early_stopping) == ("plateau", 3, 5)
    assert (loop.class_weights, loop.monitor) == ("balanced", "val_loss")
    assert (recipe.head.pooling, recipe.head.sharpness) == ("lse", 10)
    assert (recipe.protocol, recipe.weights) == ("nih8", "imagenet")
    assert recipe.baselines == ("linear-probe", "xrv:densenet121-res224-nih")


@pytest.fixture
def recipe_file(tmp_path):
    """Return a function that writes a recipe."""

    def write(text: str | bytes):
        path = tmp_path / "mine.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_what_a_file_leaves_out_is_the_reference(recipe_file):
    assert load_recipe(str(recipe_file(""))) == Recipe()
    assert load_recipe(str(recipe_file("# nothing but words\n"))) == Recipe()
    found = load_recipe(str(recipe_file("name: Köln\ntraining:\n  epochs: 3\n  weight_decay: 1e-5\n")))
    changed = {
        key for key, value in flat(found.model_dump()).items() if value != flat(Recipe().model_dump())[key]
    }
    assert changed == {"name", "training.epochs", "training.weight_decay"}
    assert (found.name, found.training.epochs, found.training.weight_decay) == ("Köln", 3, 1e-5)


def test_overrides_are_typed_and_the_last_one_counts():
    overrides = [
        "training.epochs=7",
        "training.epochs=8",
        "weights=random",
        "baselines=[linear-probe]",
        "augmentation.scale=[0.9, 1.2]",
        "training.schedule.name=constant",
        "head.pooling=average",
    ]
    found = load_recipe("quick", overrides)
    assert found.training.epochs == 8
    assert found.weights == "random"
    assert found.baselines == ("linear-probe",)
    assert found.augmentation.scale == (0.9, 1.2)
    assert found.training.schedule.name == "constant"
    assert found.training.schedule.patience == 3
    assert found.training.batch_size == 32  # quick's own


WRONG_KEYS = {
    "epoch: 3": "epoch",
    "Training: {epochs: 3}": "Training",
    "training: {epoch: 3}": "training.epoch",
    "training: {schedule: {patiance: 1}}": "training.schedule.patiance",
    "preprocess: {mean: {red: 1}}": "preprocess.mean",
    "1: 2": "1",
}
WRONG_VALUES = {
    "training: {epochs: many}": "training.epochs",
    "training: {epochs: 2.5}": "training.epochs",
    "training: {epochs: 0}": "training.epochs",
    "training: {batch_size: 1}": "training.batch_size",
    "training: {learning_rate: 0}": "training.learning_rate",
    "training: {learning_rate: .nan}": "training.learning_rate",
    "training: {learning_rate: .inf}": "training.learning_rate",
    "training: {weight_decay: -1}": "training.weight_decay",
    "training: {monitor: val_f1}": "training.monitor",
    "training: {schedule: cosine}": "training.schedule",
    "training: {schedule: {factor: 1}}": "training.schedule.factor",
    "training: 3": "training",
    "training: null": "training",
    "training: [epochs]": "training",
    "seed: -1": "seed",
    "seed: 4294967296": "seed",
    "seed: [1]": "seed",
    "name: 2026-11-23": "name",
    "protocol: nih9": "protocol",
    "protocol: NIH8": "protocol",
    "baselines: linear-probe": "baselines",
    "weights: 3": "weights",
    "preprocess: {size: 225}": "preprocess.size",
    "preprocess: {size: 0}": "preprocess.size",
    "preprocess: {size: 2048}": "preprocess.size",
    "preprocess: {resize: squash}": "preprocess.resize",
    "preprocess: {mean: [0.5, 0.5]}": "preprocess.mean.2",
    "preprocess: {mean: [.nan, 0, 0]}": "preprocess.mean.0",
    "preprocess: {std: [0.2, 0, 0.2]}": "preprocess.std.1",
    "head: {pooling: max}": "head.pooling",
    "head: {sharpness: 0}": "head.sharpness",
    "augmentation: {flip: 1.5}": "augmentation.flip",
    "augmentation: {flip: .nan}": "augmentation.flip",
    "augmentation: {scale: [1.1, 0.9]}": "augmentation",
    "augmentation: {shear: 90}": "augmentation.shear",
    "bank: {views: 0}": "bank.views",
}


@pytest.mark.parametrize(("text", "key"), (WRONG_KEYS | WRONG_VALUES).items())
def test_a_wrong_key_or_value_is_named(recipe_file, cxrtune, tmp_path, text, key):
    path = recipe_file(text)
    with pytest.raises(RecipeError) as refused:
        load_recipe(str(path))
    assert refused.value.key == key
    place = ("--cohort", tmp_path / "c", "--data", tmp_path, "--out", tmp_path / "out")
    message = cxrtune("pack", *place, "--recipe", path).refused(code=2)
    assert message.startswith(f"error: {path}: ")
    assert f"'{key}'" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "keys"),
    [("epoch: 3", ["training", "seed"]), ("training: {epoch: 3}", ["epochs", "batch_size"])],
)
def test_an_unknown_key_is_answered_with_those_there_are(recipe_file, text, keys):
    with pytest.raises(RecipeError) as refused:
        load_recipe(str(recipe_file(text)))
    assert all(key in refused.value.remedy for key in keys)


NO_RECIPES = {
    "not closed": "training: {epochs: 3",
    "a tab": "training:\n\tepochs: 3\n",
    "a list": "- training\n- epochs\n",
    "a sentence": "twenty epochs, please\n",
    "a number": "3",
    "a key that stands twice": "seed: 1\nseed: 2\n",
    "a nested key that stands twice": "training:\n  epochs: 1\n  epochs: 2\n",
    "somebody else's object": "name: !!python/object/apply:os.getcwd []\n",
    "binary": b"\x89PNG\r\n\xff\xfe",
    "a control character": b"name: \x00\n",
}


@pytest.mark.parametrize("text", NO_RECIPES.values(), ids=NO_RECIPES)
def test_a_file_that_is_no_recipe_is_named(recipe_file, cxrtune, tmp_path, text):
    path = recipe_file(text)
    message = cxrtune(*("run", "--data", tmp_path, "--out", tmp_path / "out", "--recipe", path)).refused(
        code=2
    )
    assert message.startswith(f"error: {path}: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["nothing", "a folder"])
def test_a_recipe_that_is_not_there_is_answered_with_the_shipped_ones(tmp_path, kind):
    if kind == "a folder":
        (tmp_path / "mine.yaml").mkdir()
    with pytest.raises(UsageError) as refused:
        load_recipe(str(tmp_path / "mine.yaml"))
    assert "mine.yaml" in str(refused.value)
    assert all(name in refused.value.remedy for name in shipped_recipes())


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("training.epochs", "'training.epochs' is no key=value"),
        ("=3", "'=3' is no key=value"),
        ("training.epoch=3", "'training.epoch'"),
        ("training.epochs=many", "'training.epochs'"),
        ("training.epochs=", "'training.epochs'"),
        ("training=3", "'training'"),
        ("weights.file=x", "'weights'"),
        ("training.epochs.first=3", "'training.epochs'"),
        ("training.epochs=[1", "'training.epochs=[1' is no key=value"),
        ("name=a: b: c", "'name=a: b: c' is no key=value"),
        (".=3", "''"),
    ],
)
def test_a_wrong_override_is_named(cxrtune, tmp_path, override, named):
    message = cxrtune(
        *(
            "pack",
            "--cohort",
            tmp_path / "c",
            "--data",
            tmp_path,
            "--out",
            tmp_path / "out",
            "--set",
            override,
        )
    ).refused(code=2)
    assert named in message


def test_a_recipe_cannot_be_changed_once_it_is_made():
    recipe = Recipe()
    with pytest.raises(ValueError, match="frozen"):
        recipe.training.epochs = 3
