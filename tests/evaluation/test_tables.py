"""The tables of a paper: intervals beside every value, patients beside images, one cell in Markdown."""

import io

import numpy as np
import pandas as pd
import pytest

from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.folder import TABLES, write_evaluation
from cxrtune.evaluation.markdown import as_markdown, p_value
from cxrtune.evaluation.settings import EvaluationSettings


@pytest.fixture
def written(cohort, predictions, tmp_path):
    """The results of two models, and their tables as they are read back."""
    frame = cohort.frame.assign(sex=np.where(np.arange(90) % 4 < 2, "F", "M"))
    evaluation = evaluate(
        type(cohort)(frame),
        {"a": predictions, "b": predictions},
        EvaluationSettings(prevalence={"Mass": 0.1}),
    )
    write_evaluation(evaluation, tmp_path)
    tables = {path.stem: pd.read_csv(path) for path in tmp_path.glob("*.csv")}
    return evaluation.results, tables, tmp_path


def ends(interval):
    return (np.nan, np.nan) if interval is None else (interval.low, interval.high)


def same(row, name, value, interval):
    assert row[name] == pytest.approx(np.nan if value is None else value, nan_ok=True)
    assert (row[f"{name} low"], row[f"{name} high"]) == pytest.approx(ends(interval), nan_ok=True)


def test_aurocs_have_their_intervals_and_patients(written):
    results, tables, _ = written
    table = tables["auroc"].set_index("finding")
    for finding in results.findings:
        for model in results.models:
            found = model.findings[finding]
            same(table.loc[finding], model.name, found.auroc, found.intervals.get("auroc"))
        assert table.loc[finding, "positives"] == found.support
        assert table.loc[finding, "positive patients"] == found.positive_patients
    model = results.models[0]
    same(table.loc["macro average"], "a", model.macro_auroc, model.intervals.get("macro_auroc"))
    assert np.isnan(table.loc["macro average", "positive patients"])


def test_classification_has_cross_tables_and_intervals(written):
    results, tables, _ = written
    table = tables["classification"].set_index("finding")
    found = results.models[1].findings["Mass"]
    for measure in (
        "precision",
        "recall",
        "f1",
        "specificity",
        "negative_predictive_value",
        "positive_likelihood_ratio",
    ):
        name = f"b {measure.replace('_', ' ')}"
        same(table.loc["Mass"], name, getattr(found, measure), found.intervals.get(measure))
    for kind in ("tp", "fp", "fn", "tn"):
        assert table.loc["Mass", f"b {kind}"] == getattr(found, kind)
    macro = results.models[1].averages["macro"]
    same(table.loc["macro avg"], "b f1", macro.f1, macro.intervals.get("f1"))


def test_operating_points_and_curves_have_intervals(written):
    results, tables, _ = written
    point = results.models[0].operating_points["f1"]["Effusion"]
    table = tables["operating_points"].set_index(["model", "rule", "finding"])
    row = table.loc[("a", "f1", "Effusion")]
    for measure in ("sensitivity", "specificity"):
        same(row, measure, getattr(point, measure), point.intervals.get(measure))
    judged = results.models[0].findings["Effusion"]
    assert (row["positives"], row["positive patients"]) == (judged.support, judged.positive_patients)
    curve = results.models[0].curves["Effusion"]
    row = tables["fixed_points"].set_index(["model", "finding"]).loc[("a", "Effusion")]
    same(row, "sensitivity at 0.90", curve.sensitivity_at["0.90"], curve.intervals["sensitivity_at_0.90"])
    same(
        row,
        "partial AUROC specificity",
        curve.partial_auroc["specificity"],
        curve.intervals.get("partial_specificity"),
    )


def test_calibration_and_prevalence_have_intervals(written):
    results, tables, _ = written
    table = tables["calibration"].set_index(["model", "finding"])
    for model in results.models:
        for finding, found in model.calibration.items():
            row = table.loc[(model.name, finding)]
            for kind, quality in (("before", found.before), ("after", found.after)):
                for measure in ("brier", "intercept", "slope", "slope_intercept"):
                    value, interval = getattr(quality, measure), found.intervals.get(f"{measure}_{kind}")
                    same(row, f"{measure} {kind}", value, interval)
                assert row[f"ece_if_perfect_high {kind}"] == quality.ece_if_perfect_high
    stated = results.models[0].prevalence["Mass"]
    row = tables["prevalence"].set_index(["model", "finding"]).loc[("a", "Mass")]
    name = "positive_predictive_value"
    same(row, name.replace("_", " "), stated.positive_predictive_value, stated.intervals.get(name))


def test_groups_parts_and_pairs(written):
    results, tables, _ = written
    group = next(group for group in results.attributes[0].groups if not group.is_reference)
    found = group.models["a"].findings["Effusion"]
    table = tables["subgroups"].set_index(["attribute", "group", "model", "finding"])
    row = table.loc[(results.attributes[0].name, group.name, "a", "Effusion")]
    same(row, "auroc", found.auroc, found.intervals.get("auroc"))
    same(row, "auroc gap", found.gaps.get("auroc"), found.gap_intervals.get("auroc"))
    part = next(part for part in results.cohort if part.split == "test")
    row = tables["cohort"].set_index("split").loc["test"]
    assert (row["Mass"], row["Mass patients"]) == (
        part.findings["Mass"].positives,
        part.findings["Mass"].positive_patients,
    )
    pair = results.call_comparisons[0].specificity["Mass"]
    row = tables["paired_calls"].set_index(["measure", "finding"]).loc[("specificity", "Mass")]
    same(row, "difference", pair.difference, pair.interval)
    assert (row["images"], row["first only"]) == (pair.images, pair.first_only)


def test_positive_patients_of_a_part_are_counted(cohort):
    results = evaluate(cohort, {"a": _scores(cohort)}).results
    train = cohort.frame[(cohort.frame["split"] == "train") & (cohort.frame["Mass"] == 1)]
    assert results.cohort[0].findings["Mass"].positive_patients == train["patient"].nunique()


def _scores(cohort):
    from cxrtune.predictions import ModelCard, Predictions

    rows = np.arange(len(cohort))
    scores = np.random.default_rng(0).random((len(rows), 3)).astype(np.float32)
    return Predictions(cohort.images, cohort.patients, cohort.findings, scores, ModelCard("m", "made up"))


def test_every_table_can_be_written_in_markdown(written):
    results, _, folder = written
    for name in TABLES:
        path = folder / f"{name}.md"
        if not path.exists():
            assert name == "localization"
            continue
        text = path.read_text()
        assert " low " not in text.splitlines()[0] or name in ("comparison", "paired_calls")
    found = results.models[0].findings["Effusion"]
    low, high = found.intervals["auroc"].low, found.intervals["auroc"].high
    text = (folder / "auroc.md").read_text()
    assert f"| {found.auroc:.3f} ({low:.3f} to {high:.3f}) |" in text
    assert "| Hernia | undefined | undefined | 0 | 30 | 0 | 15 |" in text
    assert text.endswith("\n\nIn brackets: 95 % intervals, where there is one.\n")


def test_a_value_without_an_interval_stands_alone():
    table = pd.DataFrame(
        {
            "x": ["a", "b", "c"],
            "v": [0.5, 0.25, None],
            "v low": [0.4, None, None],
            "v high": [0.6, None, None],
        }
    )
    assert as_markdown(table).splitlines()[2:5] == [
        "| a | 0.500 (0.400 to 0.600) |",
        "| b | 0.250 |",
        "| c | undefined |",
    ]


def test_plain_ends_belong_to_the_column_before_them_and_others_stand():
    table = pd.DataFrame(
        {"difference": [0.1], "low": [-0.1], "high": [0.3], "corrected low": [0.0], "corrected high": [0.2]}
    )
    header, _, row = as_markdown(table).splitlines()[:3]
    assert header == "| difference | corrected low | corrected high |"
    assert row == "| 0.100 (-0.100 to 0.300) | 0.000 | 0.200 |"


def test_a_table_without_intervals_has_no_line_about_them():
    text = as_markdown(pd.read_csv(io.StringIO("finding,p Holm\nMass|x,0.0001\n")))
    assert text == "| finding | p Holm |\n| --- | ---: |\n| Mass\\|x | <0.001 |\n"
    assert p_value(0.0449) == "0.045"
