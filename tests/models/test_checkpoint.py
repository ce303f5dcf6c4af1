"""The model file: whole, self-describing, and refused when it is not what it should be."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from cxrtune.errors import ModelFileError
from cxrtune.models.checkpoint import load_model, save_model
from cxrtune.models.densenet import build_network
from cxrtune.models.description import MODEL, ModelInfo
from cxrtune.recipe import HeadSpec, PreprocessSpec, Recipe

FINDINGS = ("Effusion", "Mass")


@pytest.fixture
def saved(tmp_path):
    recipe = Recipe(name="r", head=HeadSpec(pooling="average"), preprocess=PreprocessSpec(size=64))
    network = build_network(2, recipe.head, recipe.preprocess, seed=3).eval()
    info = ModelInfo(FINDINGS, recipe, "random", "Youden's J on validation", {"Effusion": 0.1 + 0.2})
    save_model(tmp_path / MODEL, network, info)
    return tmp_path, network, info


def rewrite(path, change):
    with safe_open(path, framework="pt") as stored:
        metadata = dict(stored.metadata())
    tensors = load_file(path)
    change(metadata, tensors)
    save_file(tensors, path, metadata)


def test_round_trip_is_exact(saved):
    folder, network, info = saved
    loaded, loaded_info = load_model(folder)
    assert loaded_info == info
    assert all(torch.equal(v, loaded.state_dict()[n]) for n, v in network.state_dict().items())
    pixels = torch.randint(0, 256, (2, 64, 64), dtype=torch.uint8)
    with torch.inference_mode():
        assert torch.equal(network(pixels), loaded(pixels))
    assert not loaded.training


def test_the_same_model_gives_the_same_bytes(saved, tmp_path):
    folder, network, info = saved
    for number in range(5):
        save_model(tmp_path / f"{number}.safetensors", network, info)
        assert (tmp_path / f"{number}.safetensors").read_bytes() == (folder / MODEL).read_bytes()


def test_a_run_folder_and_its_file_are_the_same_model(saved):
    folder, _, _ = saved
    assert load_model(folder)[1] == load_model(folder / MODEL)[1]


def test_anyone_can_read_what_the_file_says_of_itself(saved):
    folder, _, _ = saved
    with safe_open(folder / MODEL, framework="pt") as stored:
        content = json.loads(stored.metadata()["cxrtune"])
    assert content["findings"] == list(FINDINGS)
    assert content["recipe"]["preprocess"]["size"] == 64
    assert content["thresholds"] == {"Effusion": 0.30000000000000004}


def test_missing_file(tmp_path):
    with pytest.raises(ModelFileError, match="there is no such model"):
        load_model(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x00" * 100])
def test_not_a_safetensors_file(tmp_path, content):
    (tmp_path / MODEL).write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.safetensors: is damaged"):
        load_model(tmp_path)


def test_truncated_file(saved):
    folder, _, _ = saved
    data = (folder / MODEL).read_bytes()
    (folder / MODEL).write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelFileError, match="is damaged"):
        load_model(folder)


def described(metadata, **changes):
    metadata["cxrtune"] = json.dumps(json.loads(metadata["cxrtune"]) | changes)


def other_architecture(metadata, tensors):
    described(metadata, architecture="resnet50")


def other_version(metadata, tensors):
    described(metadata, format="cxrtune.model/9")


def other_program(metadata, tensors):
    metadata.clear()


def other_findings(metadata, tensors):
    described(metadata, findings=["Effusion", "Mass", "Nodule"])


def missing_weight(metadata, tensors):
    del tensors["tail.norm5.weight"]


def damaged_description(metadata, tensors):
    metadata["cxrtune"] = metadata["cxrtune"][:-20]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_architecture, "is of architecture resnet50, expected densenet121"),
        (
            other_version,
            "was written by another version of cxrtune: says cxrtune.model/9, expected cxrtune.model/2",
        ),
        (other_program, "is no model of cxrtune: says no format"),
        (other_findings, "not those of densenet121 for 3 findings"),
        (missing_weight, "not those of densenet121 for 2 findings"),
        (damaged_description, "its description is damaged"),
    ],
)
def test_wrong_files_are_named_with_the_way_out(saved, change, message):
    folder, _, _ = saved
    rewrite(folder / MODEL, change)
    with pytest.raises(ModelFileError, match=message) as caught:
        load_model(folder)
    assert str(folder / MODEL) in str(caught.value)
    assert caught.value.remedy
