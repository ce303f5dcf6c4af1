"""The predictor: the same pixels are the same prediction, however they arrive."""

import shutil
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import cxrtune
from cxrtune.errors import ModelFileError, UnreadableImageError, UsageError
from cxrtune.evaluation.calibration.calibrator import read_calibrator
from cxrtune.models.checkpoint import load_gated_model, save_model
from cxrtune.scoring.loading import load_scorer
from cxrtune.scoring.predictor import Predictor
from dicom_made import SYNTAXES, dicom
from encoded import saved


@pytest.fixture(scope="module")
def predictor(small_run):
    return Predictor.load(small_run, engine="torch")


@pytest.fixture(scope="module")
def file(prepared):
    return sorted((prepared.data / "images").iterdir())[3]


@pytest.fixture(scope="module")
def pixels(file):
    return cv2.imread(str(file), cv2.IMREAD_UNCHANGED)


def raw(prediction):
    return np.array([score.score for score in prediction.findings])


def test_it_is_what_the_package_offers():
    assert cxrtune.Predictor is Predictor
    with pytest.raises(AttributeError, match="no attribute 'Oracle'"):
        _ = cxrtune.Oracle


def test_a_path_bytes_and_an_array_are_the_same(predictor, file, pixels):
    expected = raw(predictor.predict(file))
    for source in (str(file), file.read_bytes(), pixels):
        np.testing.assert_allclose(raw(predictor.predict(source)), expected, rtol=1e-6)


def test_sixteen_bits_as_a_png_and_as_an_array_are_the_same_and_close_to_eight(predictor, file, pixels):
    deep = pixels.astype(np.uint16) * 257
    as_png = cv2.imencode(".png", deep)[1].tobytes()
    np.testing.assert_array_equal(raw(predictor.predict(as_png)), raw(predictor.predict(deep)))
    # Eight bits are rounded once more where the image is brought to size.
    np.testing.assert_allclose(raw(predictor.predict(deep)), raw(predictor.predict(file)), atol=0.01)


@pytest.mark.parametrize(
    "syntax", [name for name in SYNTAXES if "lossy" not in name and "baseline" not in name]
)
def test_png_and_dicom_of_the_same_pixels_give_the_same_probabilities(predictor, file, pixels, syntax):
    expected = raw(predictor.predict(file))
    as_dicom = dicom(pixels.astype(int), SYNTAXES[syntax], bits=8)
    np.testing.assert_array_equal(raw(predictor.predict(as_dicom)), expected)
    inverted = dicom(
        255 - pixels.astype(int), SYNTAXES[syntax], bits=8, PhotometricInterpretation="MONOCHROME1"
    )
    np.testing.assert_array_equal(raw(predictor.predict(inverted)), expected)


def test_a_jpeg_of_the_same_pixels_gives_nearly_the_same(predictor, file, pixels):
    as_jpeg = saved(Image.fromarray(pixels), "JPEG", quality=95)
    np.testing.assert_allclose(raw(predictor.predict(as_jpeg)), raw(predictor.predict(file)), atol=0.02)


def test_scores_are_calibrated_and_called_as_the_model_says(small_run, file, tmp_path):
    network, gate, info = load_gated_model(small_run)
    # So few validation images give no calibration of their own.
    stored = {"method": "platt", "prevalence": 0.2, "slope": 1.5, "offset": -1.0}
    info = replace(info, calibration=dict.fromkeys(info.findings[1:], stored))
    save_model(tmp_path / "model.safetensors", network, info, gate)
    prediction = Predictor.load(tmp_path, engine="torch").predict(file)
    assert prediction.findings[0].probability is None
    assert [score.finding for score in prediction.findings] == list(info.findings)
    seen = 0
    for score in prediction.findings:
        threshold, stored = info.thresholds.get(score.finding), info.calibration.get(score.finding)
        assert score.threshold == threshold
        assert score.positive == (None if threshold is None else score.score >= threshold)
        if stored is not None:
            calibrator = read_calibrator(stored)
            assert score.probability == calibrator(np.array([score.score]))[0]
            assert score.probability_threshold == calibrator(np.array([threshold]))[0]
            seen += 1
    assert seen
    assert prediction[info.findings[0]] == prediction.findings[0]
    with pytest.raises(KeyError):
        prediction["Nothing"]


def test_a_prediction_names_its_model(predictor, small_run, file):
    import hashlib

    identity = predictor.predict(file).model
    assert identity.sha256 == hashlib.sha256((small_run / "model.safetensors").read_bytes()).hexdigest()
    assert identity.engine == "torch, float32"


def test_many_come_in_order_with_errors_in_their_places(predictor, prepared, tmp_path):
    files = sorted((prepared.data / "images").iterdir())[:40]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    mixed = [broken, *files[:20], b"nothing", *files[20:], broken, broken]
    found = list(predictor.predict_many(mixed))
    failed = [index for index, one in enumerate(found) if isinstance(one, UnreadableImageError)]
    assert failed == [0, 21, 42, 43]
    assert found[0].reason == "the file is empty (0 bytes)"
    alone = [predictor.predict(path) for path in files]
    together = [one for one in found if not isinstance(one, UnreadableImageError)]
    np.testing.assert_allclose([raw(one) for one in together], [raw(one) for one in alone], atol=1e-6)
    assert list(predictor.predict_many([])) == []


def test_images_are_read_only_a_little_ahead(predictor, file):
    read = []
    stream = predictor.predict_many(read.append(number) or file for number in range(500))
    next(stream)
    assert len(read) < 60
    stream.close()


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4), np.uint8)]
)
def test_an_array_that_is_no_radiograph_is_refused(predictor, array):
    with pytest.raises(UsageError, match="is no radiograph") as caught:
        predictor.predict(array)
    assert "uint8 or uint16 (height, width)" in str(caught.value)


def test_dicom_that_is_no_radiograph_is_refused_or_allowed(small_run, pixels):
    lateral = dicom(pixels.astype(int), bits=8, ViewPosition="LL")
    with pytest.raises(UnreadableImageError, match="is no frontal radiograph: its View Position is LL"):
        Predictor.load(small_run, engine="torch").predict(lateral)
    assert Predictor.load(small_run, engine="torch", allow=["lateral"]).predict(lateral).findings


def test_a_model_from_before_there_was_a_gate_still_predicts_and_says_so(small_run, file, tmp_path):
    network, _, info = load_gated_model(small_run)
    save_model(tmp_path / "model.safetensors", network, replace(info, gate=None))
    prediction = Predictor.load(tmp_path, engine="torch").predict(file)
    assert "not_checked" in [flag.name for flag in prediction.quality.flags]
    np.testing.assert_array_equal(
        raw(prediction), raw(Predictor.load(small_run, engine="torch").predict(file))
    )


def test_the_gate_knows_its_own_kind_and_doubts_others(predictor, prepared, file, pixels):
    table = pd.read_parquet(prepared.cohort)
    train = set(table.loc[table["split"] == "train", "image"])
    own = [path for path in sorted((prepared.data / "images").iterdir()) if path.name in train]
    flagged = [bool(one.quality.flags) and one.quality.ood_score > one.quality.ood_threshold
               for one in predictor.predict_many(own)]  # fmt: skip
    assert np.mean(flagged) < 0.1
    noise = np.random.default_rng(0).integers(0, 256, (256, 256), dtype=np.uint8)
    assert "unlike_training" in [flag.name for flag in predictor.predict(noise).quality.flags]


def test_without_such_an_export_an_engine_is_refused(small_run, tmp_path):
    for kind in ("onnx", "openvino-int8"):
        with pytest.raises(ModelFileError, match=f"was not exported for {kind}") as caught:
            load_scorer(small_run, kind)
        assert f"`kind={kind}`" in str(caught.value)


def test_openvino_and_torch_agree(small_run, predictor, file):
    other = Predictor.load(small_run, engine="openvino")
    assert other.identity.engine == "OpenVINO, float32"
    theirs, ours = other.predict(file), predictor.predict(file)
    np.testing.assert_allclose(raw(theirs), raw(ours), atol=1e-4)
    np.testing.assert_allclose(theirs.cam, ours.cam, atol=1e-3 * np.abs(ours.cam).max())
    assert theirs.quality.ood_score == pytest.approx(ours.quality.ood_score, abs=1e-3)


def test_auto_is_one_engine_however_many_images_there_are(small_run):
    assert load_scorer(small_run).engine.name == "OpenVINO, float32"
    assert load_scorer(small_run, aim="throughput", at_once=1).engine.name == "OpenVINO, float32"


def test_a_damaged_gate_is_a_damaged_model(small_run, tmp_path):
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    shutil.copyfile(small_run / "model.safetensors", tmp_path / "model.safetensors")
    with safe_open(tmp_path / "model.safetensors", framework="pt") as stored:
        metadata = stored.metadata()
    tensors = load_file(tmp_path / "model.safetensors")
    tensors.pop("gate.centre")
    save_file(tensors, tmp_path / "model.safetensors", metadata)
    with pytest.raises(ModelFileError, match="its weights are not those"):
        Predictor.load(tmp_path)


def test_scoring_loads_no_torch_before_torch_is_to_run_or_to_convert():
    """It takes seconds, which whoever has an export would wait for nothing."""
    asked = "import sys, cxrtune.scoring.score; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]
