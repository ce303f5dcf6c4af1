"""Files of weights as others save them: read where they are a DenseNet-121, else called by their names."""

import argparse
import gzip
import io
import tarfile
import zipfile

import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from onnx import TensorProto, helper
from torchvision.models import densenet121, densenet169, resnet18

from cxrtune.errors import WeightsError
from cxrtune.models.densenet import build_network
from cxrtune.models.weights import check_source, load_first_weights
from cxrtune.recipe import HeadSpec, PreprocessSpec

FINDINGS = ("Effusion", "Mass")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(5)
    return densenet121(weights=None)


@pytest.fixture(scope="module")
def state(network):
    return network.state_dict()


def behind(prefix, state):
    return {prefix + name: value for name, value in state.items()}


WRAPPED = {
    "state_dict": (lambda s: {"state_dict": s, "epoch": 3, "args": {"lr": 0.1}}, " ('state_dict')"),
    "model": (lambda s: {"model": s, "optimizer": {"state": {}, "param_groups": []}}, " ('model')"),
    "twice": (lambda s: {"model": {"state_dict": s}}, " ('model.state_dict')"),
    "DataParallel": (lambda s: behind("module.", s), " (names behind 'module.')"),
    "CheXNet": (
        lambda s: {"state_dict": behind("module.densenet121.", s)},
        " ('state_dict', names behind 'module.densenet121.')",
    ),
    "Lightning": (
        lambda s: {"state_dict": behind("model.", s), "pytorch-lightning_version": "2.5.0", "loops": {}},
        " ('state_dict', names behind 'model.')",
    ),
    "torch.compile": (lambda s: behind("_orig_mod.", s), " (names behind '_orig_mod.')"),
    "backbone and a head": (
        lambda s: behind("backbone.", s) | {"head.0.weight": torch.zeros(9, 9), "steps": torch.tensor(3)},
        " (names behind 'backbone.')",
    ),
    "encoder": (lambda s: behind("encoder.", s), " (names behind 'encoder.')"),
    "features alone": (
        lambda s: {n.removeprefix("features."): v for n, v in s.items() if n.startswith("features.")},
        "",
    ),
    "half": (lambda s: {n: v.half() for n, v in s.items()}, ""),
    "bfloat16": (lambda s: {n: v.bfloat16() for n, v in s.items()}, ""),
    "double": (lambda s: {n: v.double() for n, v in s.items()}, ""),
}


@pytest.mark.parametrize("how", WRAPPED)
def test_a_densenet_is_found_in_what_is_around_it(state, tmp_path, how):
    wrap, place = WRAPPED[how]
    file = tmp_path / "theirs.pth"
    torch.save(wrap(state), file)
    check_source(str(file), say=print)
    ours = build_network(2, HeadSpec(), PreprocessSpec(size=64), seed=0)
    origin = load_first_weights(ours, str(file), FINDINGS)
    assert origin.sentence.startswith(f"weights of theirs.pth{place}, SHA-256 ")
    # bfloat16 keeps eight bits.
    tolerance = {"half": 2**-11, "bfloat16": 2**-8}.get(how, 0)
    expected, found = state["features.conv0.weight"], ours.trunk.features.conv0.weight
    torch.testing.assert_close(found.data, expected, rtol=tolerance, atol=1e-7 if tolerance else 0)
    expected, found = state["features.norm5.running_var"], ours.tail.norm5.running_var
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=0)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}])
@pytest.mark.parametrize("name", ["model.safetensors", "theirs.safetensors", "theirs.bin"])
def test_safetensors_of_torchvisions_names_are_read_as_timm_writes_them(state, tmp_path, name, metadata):
    safetensors.torch.save_file({n: v.contiguous() for n, v in state.items()}, tmp_path / name, metadata)
    check_source(str(tmp_path / name), say=print)
    ours = build_network(2, HeadSpec(), PreprocessSpec(size=64), seed=0)
    load_first_weights(ours, str(tmp_path / name), FINDINGS)
    assert torch.equal(ours.trunk.features.conv0.weight, state["features.conv0.weight"])


def refused(file):
    with pytest.raises(WeightsError) as caught:
        check_source(str(file), say=print)
    text = str(caught.value)
    assert text.startswith(f"{file}: ")
    assert len(text) < len(str(file)) + 500
    assert caught.value.remedy
    return text


NOT_ONE = {
    "another depth": (lambda s: densenet169(weights=None).state_dict(), "weights missing"),
    "another network": (lambda s: resnet18(weights=None).state_dict(), "604 weights missing"),
    "grey": (
        lambda s: s | {"features.conv0.weight": torch.zeros(64, 1, 7, 7)},
        "1 of another shape, 0 unknown (conv0.weight is (64, 1, 7, 7) and not (64, 3, 7, 7) for one)",
    ),
    "more of it": (lambda s: s | {"features.denseblock5.x": torch.zeros(1)}, "1 unknown (denseblock5.x"),
    "whole numbers": (
        lambda s: s | {"features.conv0.weight": torch.zeros(64, 3, 7, 7, dtype=torch.int8)},
        "1 weights are whole numbers, as of a quantised network (conv0.weight for one)",
    ),
    "two": (
        lambda s: {"model": s, "ema": s},
        "holds 2 networks: 'model' and 'ema'\nSave the one that you mean alone.",
    ),
    "two encoders": (
        lambda s: behind("encoder_q.", s) | behind("encoder_k.", s),
        "holds 2 networks: names behind 'encoder_q.' and names behind 'encoder_k.'",
    ),
    "no number": (
        lambda s: s | {"features.norm0.bias": torch.full((64,), torch.nan)},
        "has weights that are not numbers, or infinite (norm0.bias for one)",
    ),
    "no tensors": (lambda s: {"epoch": 3}, "holds no table of weights"),
    "a tensor": (lambda s: torch.zeros(3), "holds no table of weights"),
}


@pytest.mark.parametrize("how", NOT_ONE)
def test_what_is_not_one_densenet_is_refused_with_what_it_is(state, tmp_path, how):
    content, said = NOT_ONE[how]
    torch.save(content(state), tmp_path / "theirs.pth")
    assert said in refused(tmp_path / "theirs.pth")


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("around", [lambda m: m, torch.nn.DataParallel, lambda m: {"model": m, "epoch": 3}])
def test_a_whole_pickled_module_is_called_by_its_name(network, tmp_path, around, legacy):
    file = tmp_path / "model.pth"
    torch.save(around(network), file, _use_new_zipfile_serialization=not legacy)
    text = refused(file)
    assert "holds a whole pickled module (" in text
    assert "torchvision.models.densenet.DenseNet" in text
    assert "which cxrtune does not unpickle" in text
    assert "torch.save(model.state_dict(), FILE)" in text


def test_other_python_objects_are_named_too(state, tmp_path):
    torch.save({"state_dict": state, "args": argparse.Namespace(lr=0.1)}, tmp_path / "last.ckpt")
    assert "holds Python objects besides weights (argparse.Namespace)" in refused(tmp_path / "last.ckpt")


def zipped(names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return stream.getvalue()


def tarred():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"))
    return stream.getvalue()


def saved(write):
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def onnx_model():
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", values[:1], values[1:])
    return helper.make_model(graph)


OTHERS = {
    "empty": (lambda: b"", "is empty (0 bytes)"),
    "LFS": (
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 32342954\n",
        "is a Git LFS pointer, not the file it stands for\nRun: git lfs pull",
    ),
    "page": (lambda: b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title>", "is a web page (HTML)"),
    "Keras 2": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(600), "is an HDF5 file, as Keras"),
    "Keras 3": (lambda: zipped(["config.json", "model.weights.h5"]), "is a Keras model"),
    "npz": (lambda: saved(lambda s: np.savez(s, a=np.zeros(3))), "is an archive of NumPy arrays"),
    "npy": (lambda: saved(lambda s: np.save(s, np.zeros(3))), "is a NumPy array"),
    "zip": (lambda: zipped(["a/weights.pth", "b"]), "is a zip archive of 2 files that torch.save did not"),
    "half a zip": (lambda: zipped(["x/data.pkl"])[:60], "is damaged: its list of contents is missing"),
    "gzip": (lambda: gzip.compress(b"weights"), "is compressed\nUnpack it"),
    "tar": (tarred, "is a tar archive\nUnpack it"),
    "ONNX": (lambda: onnx_model().SerializeToString(), "is an ONNX model or a TensorFlow graph"),
    "ONNX by torch": (
        lambda: onnx.helper.make_model(onnx_model().graph, producer_name="pytorch").SerializeToString(),
        "is an ONNX model or a TensorFlow graph",
    ),
    "OpenVINO": (lambda: b'<?xml version="1.0"?>\n<net name="m" version="11">', "is an XML text"),
    "index": (lambda: b'{\n  "metadata": {}, "weight_map": {}}', "is a JSON text"),
    "half a safetensors": (
        lambda: safetensors.torch.save({"a": torch.zeros(9)})[:40],
        "is damaged: its header alone should have",
    ),
    "pickle": (lambda: b"\x80\x04\x95" + bytes(20), "is a pickle that torch.save did not write"),
    "anything": (lambda: bytes(range(200, 256)), "is damaged, or no file of weights"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_files_are_called_by_their_names_whatever_they_are_named(tmp_path, kind):
    content, said = OTHERS[kind]
    for name in ("weights.pth", "weights.safetensors"):
        (tmp_path / name).write_bytes(content())
        assert said in refused(tmp_path / name)


@pytest.mark.filterwarnings("ignore:.torch.jit")  # TorchScript itself is on its way out
def test_a_torchscript_archive_is_called_by_its_name(tmp_path):
    torch.jit.script(torch.nn.Linear(2, 2)).save(tmp_path / "model.pt")
    text = refused(tmp_path / "model.pt")
    assert "is a TorchScript archive: a program, not weights alone" in text
    assert "torch.jit.load(FILE).state_dict()" in text


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_download_that_was_cut_off_is_damaged(state, tmp_path, legacy, share):
    file = tmp_path / "theirs.pth"
    torch.save(state, file, _use_new_zipfile_serialization=not legacy)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    assert "is damaged" in refused(file)


def test_no_pack_is_made_for_weights_that_cannot_be_used(cxrtune, nih_folder, network, tmp_path):
    torch.save(network, tmp_path / "model.pth")
    out = tmp_path / "out"
    message = cxrtune(
        "run", "--data", nih_folder.path, "--out", out, "--weights", tmp_path / "model.pth"
    ).refused()
    assert "model.pth: holds a whole pickled module (torchvision.models.densenet.DenseNet" in message
    assert not out.exists()
