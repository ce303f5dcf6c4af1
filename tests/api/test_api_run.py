"""train, Run and its predictions: what a caller from Python gets of a run folder."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import cxrtune as cx
from cxrtune.errors import DataError, RecipeError, UnreadableImageError, UsageError
from dicom_made import dicom


def test_an_interrupted_training_has_resumed_and_the_run_is_whole(run, api_folder):
    assert list(run.history["epoch"]) == [1, 2]
    assert run.recipe.training.epochs == 2
    assert run.recipe.training.batch_size == 32, "keys beside the one that was changed stay the recipe's"
    assert run.report.is_file()
    assert run.model.parent == api_folder / "run"


def test_what_is_finished_is_not_done_again(cohort, api_folder, tmp_path, capsys):
    from api_made import QUICK

    shutil.copytree(api_folder / "run", tmp_path / "run")
    before = (tmp_path / "run/model.safetensors").stat().st_mtime_ns
    moved = cx.Cohort.read(tmp_path / "run/cohort.parquet")
    again = cx.train(moved, tmp_path / "run", **QUICK)
    assert again.model.stat().st_mtime_ns == before
    assert "train: inputs and settings are unchanged" in capsys.readouterr().out


def test_the_results_of_a_run(run):
    areas = run.results.auroc
    assert list(areas.columns[:5]) == ["model", "finding", "auroc", "low", "high"]
    assert set(areas["model"]) == {"fine-tuned", "linear-probe"}
    assert set(areas["finding"]) == {*run.results.findings, "macro"}
    known = areas.dropna(subset=["low"])
    assert ((known["low"] <= known["auroc"]) & (known["auroc"] <= known["high"])).all()


def test_the_scores_of_a_run(run, cohort):
    scores = run.predictions.to_frame()
    assert len(scores) == (cohort.frame["split"] != "train").sum()
    assert set(cohort.findings) <= set(scores.columns)
    assert list(run.baselines) == ["linear-probe"]
    assert repr(run.predictions).startswith("PredictionTable(")
    assert "images scored" in run.predictions._repr_html_()


def test_a_run_in_short(run):
    assert repr(run) == f"Run({str(run.folder)!r}, 8 findings, recipe quick)"
    assert "AUROC (95 % interval)" in run._repr_html_()


def scores_of(prediction):
    return prediction.to_frame()["score"].to_numpy()


def test_every_kind_of_image_is_scored_alike(run, chest):
    torch = pytest.importorskip("torch")
    import io

    from pydicom import dcmread

    image = Image.open(chest)
    pixels = np.asarray(image)
    assert pixels.dtype == np.uint8
    expected = scores_of(run.predict(chest))
    as_dicom = dcmread(io.BytesIO(dicom(pixels.astype(int), bits=8)))
    sources = [
        str(chest),
        chest.read_bytes(),
        pixels,
        image,
        torch.from_numpy(pixels.copy()),
        torch.from_numpy(pixels.copy())[None],
        as_dicom,
    ]
    for source in sources:
        np.testing.assert_array_equal(scores_of(run.predict(source)), expected)
    deep = Image.fromarray(pixels.astype(np.uint16) * 257)
    np.testing.assert_array_equal(
        scores_of(run.predict(deep)), scores_of(run.predict(pixels.astype(np.uint16) * 257))
    )


@pytest.mark.parametrize("source", [7, None, ["chest.png"], {"image": 1}, 3.5])
def test_what_is_no_image_is_refused_by_its_type(run, source):
    with pytest.raises(UsageError, match=rf"an object of type {type(source).__name__} is not an image"):
        run.predict(source)


def test_tensors_of_fractions_and_odd_modes_are_refused(run):
    torch = pytest.importorskip("torch")
    with pytest.raises(UsageError, match="a tensor of float32"):
        run.predict(torch.zeros(8, 8))
    with pytest.raises(UsageError, match="is no radiograph"):
        run.predict(torch.zeros(3, 8, 8, dtype=torch.uint8))
    with pytest.raises(UsageError, match="mode F is not read"):
        run.predict(Image.new("F", (8, 8)))


def test_a_missing_file_is_named(run, tmp_path):
    with pytest.raises(UnreadableImageError, match="cannot be read") as caught:
        run.predict(tmp_path / "nothing.png")
    assert caught.value.path == tmp_path / "nothing.png"


def test_a_prediction_shows_itself_in_short_and_inline(run, chest):
    prediction = run.predict(chest)
    assert len(repr(prediction)) < 300
    assert "OOD score" in repr(prediction)
    shown = prediction._repr_html_()
    assert "data:image/png;base64," in shown
    for one in prediction.findings:
        assert one.finding in shown
    frame = prediction.to_frame()
    assert list(frame.columns) == ["score", "probability", "threshold", "probability_threshold", "positive"]
    assert list(frame.index) == list(run.findings)
    blank = run.predict(np.zeros((200, 200), np.uint8))
    assert "Flag: the image is blank" in blank._repr_html_()


def test_an_explanation_is_an_array_and_a_figure(run, chest):
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    finding = run.findings[1]
    explained = run.explain(chest, finding=finding)
    assert explained.finding == finding
    assert explained.heatmap.shape == explained.pixels.shape
    assert explained.heatmap.dtype == np.float32
    assert 0 <= explained.heatmap.min() <= explained.heatmap.max() <= 1
    assert explained.overlay.shape == (*explained.pixels.shape, 3)
    own = Figure()
    axes = own.subplots()
    assert explained.plot(axes) is axes
    assert finding in axes.get_title()
    assert explained.figure.axes
    made = explained.plot()
    plt.close(made.figure)
    assert "data:image/png" in explained._repr_html_()
    assert len(repr(explained)) < 200


def test_an_unknown_finding_is_refused_with_those_that_are_known(run, chest):
    with pytest.raises(UsageError, match="this model does not know Gout") as caught:
        run.explain(chest, finding="Gout")
    assert "Effusion" in caught.value.remedy


def test_a_run_whose_folder_is_gone(api_folder, chest, tmp_path):
    shutil.copytree(api_folder / "run", tmp_path / "run")
    run = cx.Run(tmp_path / "run")
    run.predict(chest)
    shutil.move(tmp_path / "run", tmp_path / "elsewhere")
    calls = (
        lambda: run.predict(chest), lambda: run.explain(chest), lambda: run.results, lambda: run.predictions,
        lambda: run.history, lambda: run.report, lambda: run.model, lambda: run.baselines,
        lambda: run.predictor,
    )  # fmt: skip
    for call in calls:
        with pytest.raises(DataError, match="it was moved or deleted") as caught:
            call()
        assert caught.value.path == tmp_path / "run"
    assert "moved or deleted" in repr(run)
    assert "moved or deleted" in run._repr_html_()
    assert cx.Run(tmp_path / "elsewhere").predict(chest).findings
    with pytest.raises(DataError, match="has no model"):
        cx.Run(tmp_path)


def test_a_run_stays_open_in_another_directory(api_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(api_folder)
    run = cx.Run("run")
    monkeypatch.chdir(tmp_path)
    assert run.model.is_file()
    assert run.findings


def test_a_predictor_is_loaded_from_a_run_folder(run, chest):
    predictor = cx.Predictor.load(run.folder)
    np.testing.assert_array_equal(scores_of(predictor.predict(chest)), scores_of(run.predict(chest)))
    assert "8 findings" in repr(predictor)


def test_arguments_of_train_that_cannot_be_meant(cohort, tmp_path):
    with pytest.raises(RecipeError) as caught:
        cx.train(cohort, tmp_path / "run", training={"epoch": 3})
    assert caught.value.key == "training.epoch"
    with pytest.raises(UsageError, match="an object of type str is not a cohort"):
        cx.train("cohort.parquet", tmp_path / "run")
    with pytest.raises(UsageError, match="`out` is an object of type int"):
        cx.train(cohort, 3)
    with pytest.raises(UsageError, match="there is no recipe 'slow'"):
        cx.train(cohort, tmp_path / "run", recipe="slow")
    with pytest.raises(UsageError, match="the protocol is the cohort's"):
        cx.train(cohort, tmp_path / "run", protocol="nih14")
    assert not (tmp_path / "run").exists()


def test_choices_that_are_not_known(run, cohort, tmp_path):
    with pytest.raises(UsageError, match="there is no engine 'tflite'"):
        cx.Predictor.load(run.folder, engine="tflite")
    with pytest.raises(UsageError, match="aim is 'speed'"):
        cx.Predictor.load(run.folder, aim="speed")
    with pytest.raises(UsageError, match="model is an object of type int"):
        cx.Predictor.load(3)
    for call in (
        lambda: cx.Predictor.load(run.folder, allow=["ct"]),
        lambda: cx.train(cohort, tmp_path, allow="ct"),
    ):
        with pytest.raises(UsageError, match="`allow` does not know 'ct'") as caught:
            call()
        assert caught.value.settings == ("allow",)
    with pytest.raises(UsageError, match="`workers` is 0"):
        cx.train(cohort, tmp_path, workers=0)
    assert not list(tmp_path.iterdir())


def test_a_cohort_without_the_folder_of_its_images_is_not_trained_on(api_folder, tmp_path):
    file = tmp_path / "cohort.parquet"
    shutil.copyfile(api_folder / "run/cohort.parquet", file)
    lonely = cx.Cohort.read(file)
    assert lonely.images is None
    with pytest.raises(UsageError, match="folder of this cohort's images is not known") as caught:
        cx.train(lonely, tmp_path / "run")
    assert caught.value.settings == ("images",)


def test_a_data_frame_is_no_run(run):
    with pytest.raises(UsageError, match="`folder` is an object of type DataFrame"):
        cx.Run(pd.DataFrame())
