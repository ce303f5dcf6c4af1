"""The adapter against TorchXRayVision itself: its loader, its transforms, its network, one by one."""

import hashlib
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torchvision
import torchxrayvision as xrv
from pydicom.data import get_testdata_file

from cxrtune.errors import UsageError, WeightsError
from cxrtune.models.baselines.xrv import score_with_xrv, xrv_names, xrv_weights

NAME = "densenet121-res224-nih"


def as_torchxrayvision_reads(path):
    transform = torchvision.transforms.Compose([xrv.datasets.XRayCenterCrop(), xrv.datasets.XRayResizer(224)])
    return torch.from_numpy(transform(xrv.utils.load_image(str(path))))[None]


def some_images(folder, count):
    return sorted(folder.rglob("*.png"))[:: max(1, len(list(folder.rglob("*.png"))) // count)][:count]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder of our own, for TorchXRayVision keeps its weights there; no network behind it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    return tmp_path


@pytest.fixture
def checkpoint(home, nih_1024):
    """TorchXRayVision's DenseNet with seeded random weights, pickled whole as theirs, in its cache."""
    torch.manual_seed(11)
    model = xrv.models.DenseNet(num_classes=18)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        # Statistics of real images, and outputs that differ: otherwise every probability is the same.
        model.train()(torch.cat([as_torchxrayvision_reads(path) for path in some_images(nih_1024, 8)]))
        model.classifier.weight.normal_(std=0.2)
        model.classifier.bias.fill_(-4)
    path = xrv_weights(NAME).path
    path.parent.mkdir(parents=True)
    torch.save(model.eval(), path)
    return path


@pytest.mark.parametrize("folder", ["nih", "nih_1024"])
def test_probabilities_and_logits_are_torchxrayvisions_own(checkpoint, folder, request):
    files = some_images(request.getfixturevalue(folder), 12)
    ours = score_with_xrv(NAME, files, workers=2)
    model = xrv.models.DenseNet(weights=NAME)
    with torch.inference_mode():
        theirs = torch.cat([model(as_torchxrayvision_reads(path)) for path in files]).numpy()
        model.op_threshs = None
        logits = torch.cat([model(as_torchxrayvision_reads(path)) for path in files]).numpy()
    assert ours.findings == tuple(name for name in model.targets if name)
    assert ours.refused == {}
    np.testing.assert_allclose(ours.published, theirs[:, :14], atol=1e-4)
    np.testing.assert_allclose(ours.logits, logits[:, :14], atol=1e-3)
    assert theirs[:, :14].std(axis=0).min() > 1e-3, (
        "an oracle that says the same of all images proves nothing"
    )


def test_rgba_files_score_like_torchxrayvision(checkpoint, nih_1024):
    files = [
        path
        for path in sorted(nih_1024.rglob("*.png"))
        if cv2.imread(str(path), cv2.IMREAD_UNCHANGED).ndim == 3
    ]
    assert len(files) == 6
    ours = score_with_xrv(NAME, files, workers=0)
    model = xrv.models.DenseNet(weights=NAME)
    with torch.inference_mode():
        theirs = torch.cat([model(as_torchxrayvision_reads(path)) for path in files]).numpy()
    np.testing.assert_allclose(ours.published, theirs[:, :14], atol=1e-4)


def test_its_operating_point_lies_at_one_half(checkpoint, nih_1024):
    scores = score_with_xrv(NAME, some_images(nih_1024, 6), workers=0)
    points = np.array(xrv.models.model_urls[NAME]["op_threshs"][:14])
    called = 1 / (1 + np.exp(-scores.logits.astype(np.float64))) >= points
    assert np.array_equal(scores.published >= 0.5, called)


def test_the_hash_of_the_weights_is_told(checkpoint, nih_1024):
    scores = score_with_xrv(NAME, some_images(nih_1024, 1), workers=0)
    assert scores.sha256 == hashlib.sha256(checkpoint.read_bytes()).hexdigest()


def test_an_image_that_its_reader_refuses_is_a_row_of_unknowns(checkpoint, nih_1024, tmp_path):
    deep = tmp_path / "deep.png"
    cv2.imwrite(str(deep), np.full((64, 64), 40000, dtype=np.uint16))
    scores = score_with_xrv(NAME, [deep, *some_images(nih_1024, 2)], workers=0)
    assert scores.refused == {0: "max image value (40000) higher than expected bound (255)."}
    assert np.isnan(scores.published[0]).all()
    assert not np.isnan(scores.published[1:]).any()


def test_dicom_is_read_by_its_own_reader_too_and_what_that_cannot_is_refused(checkpoint, tmp_path):
    chest = Path(get_testdata_file("RG1_UNCR.dcm", download=False))
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(chest.read_bytes()[:5000])
    scores = score_with_xrv(NAME, [chest, broken], workers=0)
    assert list(scores.refused) == [1]
    model = xrv.models.DenseNet(weights=NAME)
    with torch.inference_mode(), pytest.warns(UserWarning, match="MONOCHROME1"):
        theirs = model(as_torchxrayvision_reads(chest)).numpy()
    np.testing.assert_allclose(scores.published[0], theirs[0, :14], atol=1e-4)


def test_missing_weights_say_what_to_put_where(home, tmp_path):
    with pytest.raises(WeightsError) as caught:
        score_with_xrv(NAME, [tmp_path / "any.png"], workers=0)
    assert str(home / ".torchxrayvision" / "models_data") in str(caught.value)
    assert xrv.models.model_urls[NAME]["weights_url"] in str(caught.value)


def test_damaged_weights_are_named(home, tmp_path):
    path = xrv_weights(NAME).path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a download")
    with pytest.raises(WeightsError, match="cannot be loaded by TorchXRayVision"):
        score_with_xrv(NAME, [tmp_path / "any.png"], workers=0)


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(UsageError, match="has no DenseNet 'nope'") as caught:
        xrv_weights("nope")
    assert all(name in str(caught.value) for name in xrv_names())


def test_importing_the_adapter_leaves_warnings_on():
    with pytest.warns(UserWarning, match="still heard"):
        warnings.warn("still heard", UserWarning, stacklevel=1)
