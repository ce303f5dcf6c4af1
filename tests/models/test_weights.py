"""First weights: torchvision's file format, its hash, and everything that is not it."""

import hashlib
import pickle
import re

import pytest
import torch
from torchvision.models import DenseNet121_Weights, densenet121, resnet18

from cxrtune.errors import ModelFileError, WeightsError
from cxrtune.models import weights
from cxrtune.models.checkpoint import save_model
from cxrtune.models.densenet import build_network
from cxrtune.models.description import ModelInfo
from cxrtune.models.inventory import weights_inventory
from cxrtune.recipe import HeadSpec, PreprocessSpec, Recipe

SPEC = PreprocessSpec(size=64)
FINDINGS = ("Effusion", "Mass")


@pytest.fixture
def network():
    return build_network(2, HeadSpec(), SPEC, seed=0)


@pytest.fixture
def torchvision_state():
    torch.manual_seed(5)
    return densenet121(weights=None).state_dict()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty torch hub of our own; no network behind it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    return tmp_path / "hub" / "checkpoints"


def old_names(state):
    """Write the names as files from before torch 0.4 do, which torchvision still publishes."""
    return {
        name.replace("norm1.", "norm.1.")
        .replace("norm2.", "norm.2.")
        .replace("conv1.", "conv.1.")
        .replace("conv2.", "conv.2."): value
        for name, value in state.items()
        if not name.endswith("num_batches_tracked")
    }


def monai_names(state):
    """Write the names as MONAI does."""
    return {
        re.sub(r"(denselayer\d+)\.", r"\1.layers.", name).replace("classifier", "class_layers.out"): value
        for name, value in state.items()
    }


@pytest.mark.parametrize("rename", [dict, old_names, monai_names])
def test_every_weight_but_the_head_comes_from_a_torchvision_file(
    network, torchvision_state, rename, tmp_path
):
    file = tmp_path / "mine.pth"
    torch.save(rename(torchvision_state), file)
    head = network.tail.head.linear.weight.clone()
    origin = weights.load_first_weights(network, str(file), FINDINGS)
    ours = network.state_dict()
    checked = 0
    for name, value in torchvision_state.items():
        key = name.removeprefix("features.")
        place = f"tail.{key}" if key.startswith(("denseblock4", "norm5")) else f"trunk.features.{key}"
        if name.startswith("features.") and not name.endswith("num_batches_tracked"):
            assert torch.equal(ours[place], value)
            checked += 1
    assert checked == 604
    assert torch.equal(network.tail.head.linear.weight, head)
    assert origin.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert origin.sha256 in origin.sentence


def test_imagenet_weights_are_torchvisions_own_file_in_its_own_cache(hub):
    assert DenseNet121_Weights.IMAGENET1K_V1.url == weights.IMAGENET_URL
    assert weights.imagenet_path() == hub / "densenet121-a639ec97.pth"


def test_imagenet_file_with_the_wrong_hash_is_refused(network, torchvision_state, hub):
    hub.mkdir(parents=True)
    torch.save(torchvision_state, hub / "densenet121-a639ec97.pth")
    with pytest.raises(WeightsError, match=r"is damaged: SHA-256 begins with \w{8}, expected a639ec97"):
        weights.load_first_weights(network, "imagenet", FINDINGS)


def test_imagenet_file_with_the_right_hash_is_taken(network, torchvision_state, hub, monkeypatch):
    hub.mkdir(parents=True)
    file = hub / "densenet121-a639ec97.pth"
    torch.save(torchvision_state, file)
    # The published file cannot be fetched here, so its place is taken by one of another hash.
    monkeypatch.setattr(weights, "IMAGENET_SHA256", hashlib.sha256(file.read_bytes()).hexdigest()[:8])
    assert weights.load_first_weights(network, "imagenet", FINDINGS).kind == "imagenet"


def test_without_network_the_error_says_which_file_to_put_where(hub):
    with pytest.raises(WeightsError) as caught:
        weights.check_source("imagenet", say=lambda _: None)
    text = str(caught.value)
    assert str(hub / "densenet121-a639ec97.pth") in text
    assert "https://download.pytorch.org/models/densenet121-a639ec97.pth" in text
    assert "`weights=random`" in text
    assert not list(hub.glob("*"))


def test_another_network_is_refused_with_counts(network, tmp_path):
    torch.save(resnet18(weights=None).state_dict(), tmp_path / "resnet.pth")
    with pytest.raises(WeightsError, match="is not of a DenseNet-121: 604 weights missing"):
        weights.load_first_weights(network, str(tmp_path / "resnet.pth"), FINDINGS)


def test_a_wrong_shape_is_refused(network, torchvision_state, tmp_path):
    torchvision_state["features.conv0.weight"] = torch.zeros(64, 1, 7, 7)
    torch.save(torchvision_state, tmp_path / "grey.pth")
    with pytest.raises(WeightsError, match=r"1 of another shape.*conv0"):
        weights.load_first_weights(network, str(tmp_path / "grey.pth"), FINDINGS)


class Hostile:
    def __reduce__(self):
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"text", "is damaged, or no file of weights"),
        (pickle.dumps(Hostile(), protocol=2), "is a pickle that torch.save did not write"),
    ],
)
def test_damaged_and_hostile_files_are_refused_and_nothing_in_them_runs(network, tmp_path, content, said):
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=rf"bad\.pth: {said}"):
        weights.load_first_weights(network, str(tmp_path / "bad.pth"), FINDINGS)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_hostile_file_in_torchs_own_format_is_refused_and_nothing_in_it_runs(network, tmp_path, legacy):
    torch.save({"state_dict": Hostile()}, tmp_path / "bad.pth", _use_new_zipfile_serialization=not legacy)
    with pytest.raises(
        WeightsError, match=r"holds Python objects besides weights \((builtins|__builtin__)\.exec\)"
    ):
        weights.load_first_weights(network, str(tmp_path / "bad.pth"), FINDINGS)


def test_a_table_of_no_weights_is_refused(network, tmp_path):
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="holds no table of weights"):
        weights.load_first_weights(network, str(tmp_path / "list.pth"), FINDINGS)


def test_no_such_file(network):
    with pytest.raises(WeightsError, match="there is no such weights file"):
        weights.load_first_weights(network, "nowhere.pth", FINDINGS)


@pytest.fixture
def own_model(tmp_path):
    other = build_network(2, HeadSpec(), SPEC, seed=9)
    save_model(tmp_path / "model.safetensors", other, ModelInfo(FINDINGS, Recipe(preprocess=SPEC), "random"))
    return tmp_path, other


def test_a_model_of_our_own_is_taken_whole(network, own_model):
    folder, other = own_model
    origin = weights.load_first_weights(network, str(folder), FINDINGS)
    assert all(torch.equal(v, network.state_dict()[n]) for n, v in other.state_dict().items())
    assert origin.kind == "file"


def test_a_model_for_other_findings_is_refused(network, own_model):
    with pytest.raises(WeightsError, match=r"other findings \(Effusion, Mass\), expected Effusion, Hernia"):
        weights.load_first_weights(network, str(own_model[0]), ("Effusion", "Hernia"))


def test_a_model_with_another_head_is_refused(own_model):
    wide = build_network(2, HeadSpec(), SPEC, seed=0)
    wide.tail.head.linear = torch.nn.Linear(512, 2)
    with pytest.raises(WeightsError, match="its head is not the recipe's"):
        weights.load_first_weights(wide, str(own_model[0]), FINDINGS)


def test_a_damaged_model_of_our_own_is_refused(network, own_model):
    file = own_model[0] / "model.safetensors"
    whole = file.read_bytes()
    for content, error in (
        (whole[:-1], ModelFileError),
        (whole[:100], WeightsError),
        (b"half", WeightsError),
    ):
        file.write_bytes(content)
        with pytest.raises(error, match="is damaged"):
            weights.load_first_weights(network, str(own_model[0]), FINDINGS)


def test_inventory_names_every_file_its_place_and_its_checksum(hub, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    entries = {entry.name: entry for entry in weights_inventory()}
    names = ("all", "nih", "pc", "chex", "rsna", "mimic_nb", "mimic_ch")
    assert set(entries) == {"imagenet"} | {f"xrv:densenet121-res224-{name}" for name in names}
    assert all(entry.state == "missing" and entry.url.startswith("https://") for entry in entries.values())
    nih = entries["xrv:densenet121-res224-nih"].path
    nih.parent.mkdir(parents=True)
    nih.write_bytes(b"weights")
    found = {entry.name: entry for entry in weights_inventory()}["xrv:densenet121-res224-nih"]
    assert (found.state, found.checksum) == ("present", hashlib.sha256(b"weights").hexdigest())


def test_inventory_says_that_a_file_is_damaged(hub):
    hub.mkdir(parents=True)
    (hub / "densenet121-a639ec97.pth").write_bytes(b"half a download")
    entry = weights_inventory()[0]
    assert "DAMAGED" in entry.state
    assert not entry.present
