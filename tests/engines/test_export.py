"""Exported models: all that a model knows is inside, and they compute what torch does."""

import shutil

import numpy as np
import onnx
import pytest

from cxrtune.engines.export import Parity, require_parity
from cxrtune.engines.exported import EXPORTS, open_exported
from cxrtune.errors import CxrtuneError, ModelFileError, UsageError
from cxrtune.experiment import export as stage
from cxrtune.models.checkpoint import load_gated_model
from cxrtune.provenance import read_record, record_path
from cxrtune.scoring.predictor import Predictor


@pytest.fixture(scope="module")
def exported(quietly, small_run, tmp_path_factory):
    """A copy of the run folder with an ONNX and an OpenVINO export in it."""
    folder = tmp_path_factory.mktemp("exported") / "run"
    shutil.copytree(small_run, folder)
    for kind in ("onnx", "openvino"):
        quietly("export", folder, "--to", kind)
    return folder


@pytest.fixture(scope="module")
def file(prepared):
    return sorted((prepared.data / "images").iterdir())[3]


def raw(prediction):
    return np.array([score.score for score in prediction.findings])


@pytest.mark.parametrize("kind", ["onnx", "openvino"])
def test_an_export_alone_predicts_as_the_model_does(exported, file, tmp_path, kind):
    ours = Predictor.load(exported, engine="torch").predict(file)
    alone = shutil.copytree((exported / EXPORTS[kind]).parent, tmp_path / "elsewhere")
    theirs = Predictor.load(alone / EXPORTS[kind].name).predict(file)
    np.testing.assert_allclose(raw(theirs), raw(ours), atol=1e-4)
    np.testing.assert_allclose(theirs.cam, ours.cam, atol=1e-3 * np.abs(ours.cam).max())
    for one, other in zip(theirs.findings, ours.findings, strict=True):
        assert one.threshold == other.threshold
        assert one.positive == other.positive
        assert one.probability == pytest.approx(other.probability, abs=1e-4)
    assert theirs.quality.ood_threshold == ours.quality.ood_threshold
    assert theirs.model.sha256 == ours.model.sha256
    assert theirs.model.engine != ours.model.engine


@pytest.mark.parametrize("kind", ["onnx", "openvino"])
def test_what_the_model_says_of_itself_travels_whole(exported, kind):
    _, _, info = load_gated_model(exported)
    found = open_exported(exported / EXPORTS[kind])
    assert found.info == info
    assert found.kind == kind


def test_the_onnx_file_is_one_that_others_can_run(exported):
    import onnxruntime

    path = exported / EXPORTS["onnx"]
    onnx.checker.check_model(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (pixels,) = session.get_inputs()
    assert (pixels.name, pixels.type, pixels.shape[1:]) == ("pixels", "tensor(float)", [64, 64])
    assert [one.name for one in session.get_outputs()] == ["logits", "evidence", "ood_score", "pose"]
    for count in (1, 3):
        logits = session.run(["logits"], {"pixels": np.zeros((count, 64, 64), np.float32)})[0]
        assert logits.shape == (count, 8)


def test_the_check_is_printed(cxrtune, exported, tmp_path):
    seen = cxrtune("export", exported, "--to", "openvino", "--out", tmp_path / "there")
    assert seen.code == 0, seen
    assert "radiographs the largest difference from torch is" in seen.out
    assert (tmp_path / "there" / "model.xml").is_file()
    assert (tmp_path / "there" / "model.bin").is_file()
    made = [output.name for output in read_record(tmp_path / "there" / "provenance.json").outputs]
    assert made == ["model.bin", "model.xml"]
    again = cxrtune("export", exported, "--to", "openvino", "--out", tmp_path / "there")
    assert "export: inputs and settings are unchanged" in again.out


def test_the_run_folder_finds_its_own_export(exported, file):
    assert Predictor.load(exported, engine="onnx").identity.engine == "ONNX Runtime, float32"
    assert Predictor.load(exported, engine="openvino").predict(file).findings


def test_an_export_of_another_model_is_not_taken(exported, small_run, prepared, quietly, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "run")
    few = ("--set", "preprocess.size=64", "--set", "training.epochs=1", "--views", 1, "--set", "seed=5")
    quietly("train", *prepared.arguments, "--out", folder, "--weights", "random", *few)
    with pytest.raises(ModelFileError, match="was exported from another model"):
        Predictor.load(folder, engine="onnx")


def test_an_export_is_run_by_its_own_engine_only(exported):
    with pytest.raises(UsageError, match="was exported for onnx and is not run by torch"):
        Predictor.load(exported / EXPORTS["onnx"], engine="torch")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.onnx", b"", "is no model of cxrtune"),
        ("model.onnx", b"nothing of the kind", "is damaged or no ONNX file"),
        ("model.xml", b"<net/>", "the weights that belong to it are missing"),
    ],
)
def test_what_is_no_export_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFileError, match=message):
        open_exported(tmp_path / name)


def test_a_damaged_openvino_file_is_refused(exported, tmp_path):
    folder = shutil.copytree((exported / EXPORTS["openvino"]).parent, tmp_path / "copy")
    text = (folder / "model.xml").read_text()
    (folder / "model.xml").write_text(text[: len(text) // 2])
    with pytest.raises(ModelFileError, match="is damaged or no OpenVINO model"):
        open_exported(folder / "model.xml")


def test_a_missing_export_is_an_error(tmp_path):
    with pytest.raises(ModelFileError, match="there is no such exported model"):
        open_exported(tmp_path / "gone.onnx")


@pytest.mark.parametrize(
    "found", [Parity(8, 2e-4, 0, 0), Parity(8, 0, 2e-4, 0), Parity(8, 0, 0, 2e-3)], ids=str
)
def test_what_differs_from_torch_is_refused(tmp_path, found):
    with pytest.raises(CxrtuneError, match="the exported model differs from torch"):
        require_parity(found, tmp_path / "model.onnx")
    require_parity(Parity(8, 9e-5, 9e-5, 9e-4), tmp_path)


def test_what_is_not_accepted_is_not_left_behind(exported, cxrtune, monkeypatch):
    before = (exported / EXPORTS["openvino"]).read_bytes()
    record_path((exported / EXPORTS["openvino"]).parent).unlink()  # else the export is current, and kept
    monkeypatch.setattr("cxrtune.engines.export.TOLERANCE", 0.0)
    message = cxrtune("export", exported, "--to", "openvino").refused()
    assert "differs from torch" in message
    assert "Nothing was exported" in message
    assert (exported / EXPORTS["openvino"]).read_bytes() == before
    assert not list((exported / "export").glob(".*"))


def test_a_run_folder_without_its_radiographs_names_what_is_wanted(exported, cxrtune, prepared, tmp_path):
    shutil.copyfile(exported / "model.safetensors", tmp_path / "model.safetensors")
    assert "--cohort and --pack" in cxrtune("export", tmp_path, "--to", "openvino").refused()
    seen = cxrtune("export", tmp_path, "--to", "openvino", *prepared.arguments)
    assert seen.code == 0, seen


@pytest.mark.parametrize("kind", ["tflite", ""])
def test_an_unknown_kind_is_refused(exported, cxrtune, kind):
    message = cxrtune("export", exported, "--to", kind).refused(2)
    assert f"cannot export to '{kind}'" in message
    assert "onnx, openvino, openvino-int8" in message


def test_without_the_extra_onnx_is_named(exported, cxrtune, monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    assert "pip install 'cxrtune[onnx]'" in cxrtune(
        "export", exported, "--to", "onnx", "--out", tmp_path / "anew"
    ).refused(2)
    with pytest.raises(UsageError, match="which are not installed"):
        open_exported(exported / EXPORTS["onnx"])


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # NNCF asks others in old ways
def test_int8_is_accepted_or_refused_by_its_auroc(exported, cxrtune, file, tmp_path, monkeypatch):
    monkeypatch.setattr(stage, "LARGEST_DROP", 1.0)
    seen = cxrtune("export", exported, "--to", "openvino-int8")
    assert seen.code == 0, seen
    assert "in INT8 and" in seen.out
    coarse = Predictor.load(exported, engine="openvino-int8")
    assert coarse.identity.engine == "OpenVINO, int8"
    theirs, ours = coarse.predict(file), Predictor.load(exported, engine="torch").predict(file)
    assert 0 < np.abs(raw(theirs) - raw(ours)).max() < 0.5
    monkeypatch.setattr(stage, "LARGEST_DROP", -1.0)
    message = cxrtune("export", exported, "--to", "openvino-int8", "--out", tmp_path / "there").refused()
    assert "INT8 loses" in message
    assert not (tmp_path / "there").exists()


def test_a_folder_that_holds_something_else_is_not_replaced(exported, cxrtune, tmp_path):
    other = tmp_path / "models"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    for out in (other, exported, exported / "export"):
        message = cxrtune("export", exported, "--to", "openvino", "--out", out).refused(2)
        assert "would replace this folder, which holds something else" in message
    assert (other / "thesis.txt").read_text() == "years of work"
    assert (exported / "model.safetensors").is_file()
