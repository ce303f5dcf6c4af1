"""`evaluate`, `load_results` and `Results`: tables, curves, sentences, and what is refused."""

import shutil

import numpy as np
import pandas as pd
import pytest

import cxrtune as cx
from cxrtune.errors import DataError, UsageError


@pytest.fixture(scope="module")
def judged(run, cohort):
    return cx.evaluate(
        cohort, {"ours": run.predictions, "probe": run.baselines["linear-probe"]}, replicates=200
    )


def test_results_of_two_tables(judged, run):
    assert judged.models == ["ours", "probe"]
    assert judged.findings == list(run.findings)
    assert judged.folder is None
    ours = judged.auroc.query("model == 'ours'").set_index("finding")["auroc"]
    whole = run.results.auroc.query("model == 'fine-tuned'").set_index("finding")["auroc"]
    pd.testing.assert_series_equal(ours, whole)


@pytest.mark.parametrize(
    "table", ["auroc", "comparisons", "classification", "averages", "operating_points", "subgroups", "cohort"]
)
def test_tables_have_columns_that_are_identifiers(judged, table):
    frame = getattr(judged, table)
    assert isinstance(frame, pd.DataFrame)
    assert len(frame)
    if table != "cohort":  # there findings are columns
        assert all(str(name).isidentifier() for name in frame.columns), list(frame.columns)


def test_tables_of_what_is_not_there_are_empty(judged):
    assert judged.localization.empty
    assert isinstance(judged.calibration, pd.DataFrame)


def test_decisions_are_counted(judged):
    frame = judged.classification.dropna(subset=["threshold"])
    sums = frame[["tp", "fp", "fn", "tn"]].sum(axis=1)
    pd.testing.assert_series_equal(sums, frame["positives"] + frame["negatives"], check_names=False)
    known = frame.dropna(subset=["recall_low"])
    assert len(known)
    assert (known["recall_low"] <= known["recall_high"]).all()


def test_sentences(judged):
    assert len(judged.verdicts) == 1
    assert judged.verdicts[0].startswith("On average over the findings: ")
    assert all(isinstance(caution, str) for caution in judged.cautions)


def test_results_in_short_and_inline(judged):
    assert repr(judged).startswith("Results(macro AUROC: ours ")
    assert len(repr(judged)) < 300
    shown = judged._repr_html_()
    assert shown.count("data:image/png") == 2, "a figure of ROC curves per model"
    for finding in judged.findings:
        assert finding in shown
    assert "mean over findings" in shown


def test_curves_are_data_frames_and_drawn_into_axes(judged):
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    defined = judged.auroc.query("finding != 'macro'").dropna(subset=["auroc"])
    finding = defined["finding"].iloc[0]
    points = judged.roc_curve(finding, "probe")
    assert list(points.columns) == ["false_positive_rate", "sensitivity"]
    area = np.trapezoid(points["sensitivity"], points["false_positive_rate"])
    expected = defined.query("model == 'probe'").set_index("finding")["auroc"][finding]
    assert area == pytest.approx(expected)
    axes = Figure().subplots()
    assert judged.plot_roc(finding, ax=axes) is axes
    assert [line.get_label().partition(" (")[0] for line in axes.get_lines()[1:]] == ["ours", "probe"]
    of_one = judged.plot_roc(model="probe")
    assert len(of_one.get_lines()) == 1 + judged.auroc.query("model == 'probe'")["auroc"].notna().sum() - 1
    plt.close(of_one.figure)


def test_a_curve_that_is_not_defined_says_so(judged):
    from matplotlib.figure import Figure

    undefined = judged.auroc.query("finding != 'macro'").set_index("finding")["auroc"].isna()
    finding = undefined[undefined].index[0]
    assert judged.roc_curve(finding).empty
    axes = judged.plot_roc(finding, ax=Figure().subplots())
    assert "not defined" in axes.texts[0].get_text()


def test_names_that_are_not_in_the_results(judged):
    with pytest.raises(UsageError, match="there is no model 'theirs'"):
        judged.plot_roc(model="theirs")
    with pytest.raises(UsageError, match="'Gout' is not among the findings"):
        judged.plot_roc("Gout")
    with pytest.raises(UsageError, match="'Gout' is not among the findings"):
        judged.roc_curve("Gout")


def test_results_are_kept_where_a_folder_is_named(run, cohort, tmp_path):
    kept = cx.evaluate(cohort, {"ours": run}, out=tmp_path / "judged", replicates=200)
    assert kept.folder == tmp_path / "judged"
    for path in (kept.folder, kept.folder / "results.json", str(kept.folder)):
        pd.testing.assert_frame_equal(cx.load_results(path).auroc, kept.auroc)


def test_results_of_a_run_folder(run):
    found = cx.load_results(run.folder)
    assert found.stored == run.results.stored
    assert found.folder == run.folder / "evaluation"


def test_tables_come_as_files_and_data_frames_too(run, cohort, judged, tmp_path):
    frame = run.predictions.to_frame()
    frame.to_csv(tmp_path / "theirs.csv", index=False)
    tables = {"path": str(tmp_path / "theirs.csv"), "frame": frame, "indexed": frame.set_index("image")}
    found = cx.evaluate(cohort, tables, replicates=200).auroc
    ours = judged.auroc.query("model == 'ours'")["auroc"].to_numpy()
    for name in tables:
        np.testing.assert_allclose(found[found["model"] == name]["auroc"].to_numpy(), ours)


def test_a_data_frame_that_is_no_table_of_predictions_is_named(cohort, run):
    frame = run.predictions.to_frame()
    with pytest.raises(DataError, match="the data frame of ours ") as caught:
        cx.evaluate(cohort, {"probe": run.baselines["linear-probe"], "ours": frame.drop(columns="image")})
    assert caught.value.path is None
    beyond = frame.assign(**{run.findings[0]: 7.0})
    with pytest.raises(DataError, match="the data frame of ours "):
        cx.evaluate(cohort, {"ours": beyond})
    twice = pd.concat([frame, frame[["image"]]], axis=1)
    with pytest.raises(UsageError, match="the data frame of ours cannot be read as a table"):
        cx.evaluate(cohort, {"ours": twice})


def test_arguments_that_cannot_be_meant(cohort, run, tmp_path):
    table = run.predictions
    with pytest.raises(UsageError, match="an object of type DataFrame is not a cohort"):
        cx.evaluate(cohort.frame, {"ours": table})
    for nothing in ({}, None, [table], table):
        with pytest.raises(UsageError, match="`predictions` names no model"):
            cx.evaluate(cohort, nothing)
    with pytest.raises(UsageError, match="the predictions of ours are an object of type int"):
        cx.evaluate(cohort, {"ours": 7})
    with pytest.raises(UsageError, match="there is no split 'dev'"):
        cx.evaluate(cohort, {"ours": table}, split="dev")
    with pytest.raises(DataError, match="there is no such file of predictions"):
        cx.evaluate(cohort, {"ours": tmp_path / "no.csv"})
    with pytest.raises(DataError, match="which is no finding of the cohort"):
        cx.evaluate(cohort, {"ours": table}, primary="Gout")
    with pytest.raises(UsageError, match="thresholds are given of theirs"):
        cx.evaluate(cohort, {"ours": table}, thresholds={"theirs": 0.5})


def test_a_table_that_was_deleted_says_so(run, tmp_path):
    shutil.copyfile(run.predictions.path, tmp_path / "scores.parquet")
    table = cx.PredictionTable(tmp_path / "scores.parquet")
    table.path.unlink()
    with pytest.raises(DataError, match="was moved or deleted"):
        table.to_frame()
    with pytest.raises(DataError, match="there is no such table"):
        cx.PredictionTable(tmp_path / "scores.parquet")


def test_results_written_by_another_version(run, tmp_path):
    shutil.copytree(run.folder / "evaluation", tmp_path / "evaluation")
    (tmp_path / "evaluation/results.json").write_text('{"schema_version": "cxrtune.results/0"}')
    with pytest.raises(DataError, match="not an evaluation's results"):
        cx.load_results(tmp_path)
