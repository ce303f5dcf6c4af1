"""`compare`: arrays alone, the numbers of an evaluation, and refusals that name what is wrong."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import cxrtune as cx
from cxrtune.errors import UsageError

FINDINGS = ["Effusion", "Mass"]


@pytest.fixture(scope="module")
def made():
    """Two hundred patients with two images each; model a is better than b."""
    random = np.random.default_rng(3)
    y_true = (random.random((400, 2)) < 0.3).astype(int)
    a = y_true * 1.2 + random.normal(size=y_true.shape)
    b = y_true * 0.4 + random.normal(size=y_true.shape)
    return y_true, {"a": a, "b": b}, [f"P{row // 2}" for row in range(400)]


def test_areas_and_differences_of_two_models(made):
    y_true, scores, patients = made
    found = cx.compare(y_true, scores, groups=patients, findings=FINDINGS)
    areas = found.auroc.set_index(["model", "finding"])
    for model, values in scores.items():
        for column, finding in enumerate(FINDINGS):
            area = areas.loc[(model, finding)]
            assert area["auroc"] == pytest.approx(roc_auc_score(y_true[:, column], values[:, column]))
            assert area["low"] < area["auroc"] < area["high"]
            assert area["positives"] == y_true[:, column].sum()
    row = found.differences.set_index("finding").loc["Effusion"]
    expected = areas.loc[("a", "Effusion"), "auroc"] - areas.loc[("b", "Effusion"), "auroc"]
    assert row["difference"] == pytest.approx(expected)
    assert row["low"] < row["difference"] < row["high"]
    assert (row["first"], row["second"], row["verdict"]) == ("a", "b", "higher")
    assert row["patients"] == found.patients == 200
    assert "macro" in set(found.differences["finding"])
    assert len(found.verdicts) == 1
    assert "a is higher than b" in found.verdicts[0]


def test_the_numbers_are_those_of_an_evaluation(run, cohort, tmp_path):
    """The same scores by arrays and by `evaluate`."""
    judged = cx.evaluate(cohort, {"ours": run.predictions, "probe": run.baselines["linear-probe"]})
    tables = [one.to_frame().set_index("image") for one in (run.predictions, run.baselines["linear-probe"])]
    test = cohort.frame.query("split == 'test'").set_index("image")
    findings = list(cohort.findings)
    found = cx.compare(
        test[findings],
        dict(zip(("ours", "probe"), (table.loc[test.index, findings] for table in tables), strict=True)),
        groups=test["patient"],
        missing="drop",
    )
    columns = ["model", "finding", "auroc", "low", "high"]
    pd.testing.assert_frame_equal(found.auroc[columns], judged.auroc[columns])
    both = ["finding", "difference", "low", "high", "p_patients", "p_holm", "verdict"]
    pd.testing.assert_frame_equal(found.differences[both], judged.comparisons[both])


def test_one_finding_needs_no_names_and_has_no_mean(made):
    y_true, scores, _ = made
    found = cx.compare(y_true[:, 0], {"a": scores["a"][:, 0], "b": list(scores["b"][:, 0])})
    assert list(found.auroc["finding"]) == ["finding", "finding"]
    assert list(found.differences["finding"]) == ["finding"]
    assert found.patients == 400
    assert repr(found).startswith("AurocComparison(AUROC: a 0.")
    assert "data:image/png" in found._repr_html_()


def test_one_model_has_areas_and_no_differences(made):
    y_true, scores, _ = made
    found = cx.compare(y_true[:, 0], {"a": scores["a"][:, 0]})
    assert len(found.auroc) == 1
    assert found.differences.empty
    assert found.verdicts == []


def test_any_monotone_score_gives_the_same(made):
    y_true, scores, patients = made
    logits = cx.compare(y_true, scores, groups=patients)
    shares = {name: 1 / (1 + np.exp(-values)) for name, values in scores.items()}
    pd.testing.assert_frame_equal(logits.auroc, cx.compare(y_true, shares, groups=patients).auroc)


def test_tensors_and_pandas_are_read_as_arrays_are(made):
    torch = pytest.importorskip("torch")
    y_true, scores, patients = made
    expected = cx.compare(y_true, scores, groups=patients, findings=FINDINGS).auroc
    frames = {name: pd.DataFrame(values, columns=FINDINGS)[FINDINGS[::-1]] for name, values in scores.items()}
    labels = pd.DataFrame(y_true, columns=FINDINGS, dtype="Int8")
    pd.testing.assert_frame_equal(cx.compare(labels, frames, groups=pd.Series(patients)).auroc, expected)
    tensors = {name: torch.from_numpy(values) for name, values in scores.items()}
    found = cx.compare(torch.from_numpy(y_true), tensors, groups=np.array(patients), findings=FINDINGS)
    pd.testing.assert_frame_equal(found.auroc, expected)


def test_missing_values_are_left_out_where_that_is_asked_for(made):
    y_true, scores, patients = made
    labels = y_true.astype(float)
    labels[:40, 0] = np.nan
    holes = scores["a"].copy()
    holes[40:50, 0] = np.nan
    found = cx.compare(labels, scores | {"a": holes}, groups=patients, findings=FINDINGS, missing="drop")
    one = found.auroc.set_index(["model", "finding"]).loc[("b", "Effusion")]
    assert one["positives"] + one["negatives"] == 350
    assert one["auroc"] == pytest.approx(roc_auc_score(y_true[50:, 0], scores["b"][50:, 0]))


def test_one_class_only_is_undefined_and_no_error():
    found = cx.compare([1, 1, 1], {"a": [0.1, 0.2, 0.3], "b": [0.3, 0.2, 0.1]})
    assert found.auroc["auroc"].isna().all()
    assert "undefined" in repr(found)
    assert "undefined" in found._repr_html_()


def test_curves_are_drawn_into_axes_and_those_are_returned(made):
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    y_true, scores, _ = made
    found = cx.compare(y_true, scores, findings=FINDINGS)
    axes = Figure().subplots()
    assert found.plot_roc("Mass", ax=axes) is axes
    assert len(axes.get_lines()) == 3, "two models and chance"
    made_here = found.plot_roc()
    assert made_here.get_title() == "Effusion"
    plt.close(made_here.figure)
    with pytest.raises(UsageError, match="'Gout' is not among the findings"):
        found.plot_roc("Gout")


Y, A = [0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8]
ZEROS = np.zeros((4, 2))
TURNED = pd.Series(A, index=[3, 2, 1, 0])
REFUSED = {
    "no labels": (([], {"a": []}), {}, "y_true is empty"),
    "texts": ((["no", "yes"], {"a": [1, 2]}), {}, "y_true: an object of type list does not hold numbers"),
    "no label": (([0, 2], {"a": [1, 2]}), {}, "y_true holds 2 in row 1, which is not a label"),
    "an infinite label": (([0, np.inf], {"a": [1, 2]}), {}, "y_true holds inf in row 1"),
    "three dimensions": ((np.zeros((2, 2, 2)), {"a": A}), {}, "has no place for images and findings"),
    "a scalar": ((1, {"a": 1}), {}, "has no place for images and findings"),
    "no model": ((Y, {}), {}, "scores names no model"),
    "no names": ((Y, A), {}, "scores names no model"),
    "another length": ((Y, {"a": A[:3]}), {}, r"the scores of 'a' are of shape \(3,\)"),
    "another width": ((Y, {"a": np.zeros((4, 2))}), {}, r"are of shape \(4, 2\), and y_true has 4"),
    "text scores": ((Y, {"a": list("wxyz")}), {}, "the scores of 'a': an object of type list does not hold"),
    "infinite scores": ((Y, {"a": [0, 1, np.inf, 2]}), {}, "the scores of 'a' hold an infinite value"),
    "NaN in labels": (([0, 1, np.nan, 1], {"a": A}), {}, "y_true has no value in 1 rows, row 2 first"),
    "NaN in scores": ((Y, {"a": [0, np.nan, 1, 2]}), {}, "the scores of 'a' has no value in 1 rows, row 1"),
    "None in scores": ((Y, {"a": [0, None, 1, 2]}), {}, "the scores of 'a' has no value in 1 rows, row 1"),
    "fewer patients": ((Y, {"a": A}), {"groups": ["x", "y"]}, r"groups is of shape \(2,\)"),
    "a missing patient": ((Y, {"a": A}), {"groups": ["x", None, "y", " "]}, "no patient in 2 rows, row 1"),
    "a NaN patient": ((Y, {"a": A}), {"groups": [1, 2, np.nan, 2]}, "names no patient in 1 rows, row 2"),
    "one patient's name": ((Y, {"a": A}), {"groups": "x"}, r"groups is of shape \(\)"),
    "too many names": ((Y, {"a": A}), {"findings": ["x", "y"]}, "findings has 2 names, and y_true 1"),
    "a name twice": ((ZEROS, {"a": ZEROS}), {"findings": ["x", "x"]}, "findings has 1 names"),
    "a wrong choice": ((Y, {"a": A}), {"missing": "ignore"}, "missing is 'ignore'"),
    "another order": ((pd.Series(Y), {"a": TURNED}), {}, "the scores of 'a' and y_true have different"),
    "patients turned": ((pd.Series(Y), {"a": A}), {"groups": TURNED}, "groups and y_true have different"),
    "another finding": (
        (pd.DataFrame({"x": Y, "z": Y}), {"a": pd.DataFrame({"x": A, "y": A})}),
        {},
        "have no column z; their columns",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused(case):
    arguments, options, said = REFUSED[case]
    with pytest.raises(UsageError, match=said) as caught:
        cx.compare(*arguments, **options)
    assert caught.value.remedy
