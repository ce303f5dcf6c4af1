"""Engines against torch, on real radiographs where they are given, and what they refuse."""

import subprocess
import sys
from itertools import islice

import numpy as np
import pytest
import torch

from cxrtune.engines.choice import WORTH_CONVERTING, chosen_engine, make_engine
from cxrtune.engines.torch_engine import TorchEngine
from cxrtune.errors import UsageError
from cxrtune.images.decode import read_radiograph
from cxrtune.images.preprocess import to_packed
from cxrtune.models.densenet import build_network
from cxrtune.recipe import HeadSpec, PreprocessSpec
from cxrtune.training.bank.build import TrunkOutput
from cxrtune.training.start import calibrate_trunk

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def small():
    """A trunk for images of 64 px, with statistics of its own."""
    network = build_network(2, HeadSpec(), PreprocessSpec(size=64), seed=3)
    images = np.random.default_rng(0).integers(0, 256, (24, 64, 64), dtype=np.uint8)
    calibrate_trunk(network, torch.from_numpy(images))
    return TrunkOutput(network), images


def outputs(engine, images):
    return np.stack([found for (found,) in engine.stream(iter(images))]).astype(np.float64)


def relative_error(ours, theirs):
    """Largest difference as a share of the largest value."""
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def test_outputs_come_one_an_image_and_in_order(small):
    module, images = small
    for name in ("torch", "openvino"):
        engine = make_engine(name, module, size=64)
        found = outputs(engine, images)
        assert found.shape == (24, 2, 2, 512)
        again = outputs(engine, images[::-1])[::-1]
        np.testing.assert_allclose(found, again, atol=2e-3 * np.abs(found).max())


def test_images_are_drawn_while_earlier_ones_are_worked_on(small):
    module, images = small
    for name in ("torch", "openvino"):
        drawn = []
        stream = make_engine(name, module, size=64).stream(drawn.append(i) or p for i, p in enumerate(images))
        next(stream)
        assert 1 <= len(drawn) < len(images)


def test_no_images_give_no_outputs(small):
    for name in ("torch", "openvino"):
        assert list(make_engine(name, small[0], size=64).stream([])) == []


def test_openvino_repeats_itself_to_the_bit(small):
    module, images = small
    first, second = (outputs(make_engine("openvino", module, size=64), images) for _ in range(2))
    assert np.array_equal(first, second)


def test_engines_agree_with_torch_on_real_radiographs(nih):
    spec = PreprocessSpec()
    network = build_network(2, HeadSpec(), spec, seed=0)
    files = islice(sorted((nih / "images").iterdir()), 24)
    images = np.stack([to_packed(read_radiograph(path), spec) for path in files])
    calibrate_trunk(network, torch.from_numpy(images), batch_size=8)
    with torch.inference_mode():
        parts = [network.features(torch.from_numpy(image)[None]) for image in images]
    exact = torch.cat(parts).permute(0, 2, 3, 1).double().numpy()
    for name in ("torch", "openvino"):
        found = outputs(make_engine(name, TrunkOutput(network), size=224), images)
        assert relative_error(found, exact) < 1e-3, name


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # NNCF asks others in old ways
def test_int8_is_near(small):
    module, images = small
    exact = outputs(TorchEngine(module), images)
    found = outputs(make_engine("openvino", module, size=64, precision="int8", calibration=images), images)
    error = np.sqrt(((found - exact) ** 2).mean() / (exact**2).mean())
    assert 1e-4 < error < 0.5


@pytest.mark.parametrize(
    ("wanted", "precision", "images", "on_cpu", "given"),
    [
        ("auto", "float32", WORTH_CONVERTING, True, "openvino"),
        ("auto", "float32", WORTH_CONVERTING - 1, True, "torch"),
        ("auto", "int8", 1, True, "openvino"),
        ("auto", "float32", 10**6, False, "torch"),
        ("torch", "float32", 10**6, True, "torch"),
        ("openvino", "float32", 1, True, "openvino"),
    ],
)
def test_auto_is_the_fastest_for_the_job(wanted, precision, images, on_cpu, given):
    assert chosen_engine(wanted, precision, images=images, on_cpu=on_cpu) == given


@pytest.mark.parametrize(
    ("wanted", "precision", "on_cpu", "message", "remedy"),
    [
        ("torch", "int8", True, "int8 is run by OpenVINO on a CPU only", "`bank.precision=float32`"),
        ("auto", "bfloat16", False, "bfloat16 is run by OpenVINO on a CPU only", "`bank.precision=float32`"),
        (
            "openvino",
            "float32",
            False,
            "OpenVINO runs on the CPU, and there is a GPU here",
            "`bank.engine=torch`",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(wanted, precision, on_cpu, message, remedy):
    with pytest.raises(UsageError, match=message) as caught:
        chosen_engine(wanted, precision, images=1, on_cpu=on_cpu)
    assert remedy in str(caught.value)


def test_a_cpu_without_bfloat16_is_told(small, monkeypatch):
    from cxrtune.engines import openvino_engine

    class Core:
        def get_property(self, *_):
            return ["FP32", "INT8"]

    monkeypatch.setattr(openvino_engine.openvino, "Core", Core)
    with pytest.raises(UsageError, match="this CPU has no bfloat16 arithmetic"):
        make_engine("openvino", small[0], size=64, precision="bfloat16")


def test_without_nncf_int8_names_the_extra(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(UsageError, match="INT8 needs NNCF, which is not installed") as caught:
        make_engine("openvino", small[0], size=64, precision="int8", calibration=small[1])
    assert "pip install 'cxrtune[int8]'" in str(caught.value)


def test_nothing_is_reported_to_openvinos_makers(tmp_path):
    program = (
        "from cxrtune.engines.openvino_without_telemetry import openvino; import sys;"
        "print(sys.modules['openvino_telemetry'])"
    )
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "None"
    assert not list(tmp_path.iterdir())
