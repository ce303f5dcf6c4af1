"""The figure of differences shows what the tests say."""

import numpy as np
import pytest
from sentences import cohort_of, page_of, results_of, scores_of

from cxrtune.evaluation.settings import Plan
from cxrtune.report.figures.auroc import _difference_figure, draw_difference
from cxrtune.report.figures.style import MUTED, SERIES


@pytest.fixture(scope="module")
def results():
    """The first model knows much more than the second of effusions only."""
    cohort = cohort_of({"validation": 40, "test": 80})
    good, poor = (scores_of(cohort, "validation", "test", seed=seed) for seed in (1, 2))
    poor.scores[:, 0] = np.random.default_rng(5).random(len(poor.scores)) * 0.9
    return results_of(cohort, good, poor, plan=Plan(margin=0.05))


def test_intervals_and_colours_are_those_of_the_results(results):
    (pair,) = results.comparisons
    (axes,) = _difference_figure(results, pair).axes
    rows = [*pair.findings.values(), pair.macro]
    assert pair.findings["Effusion"].verdict == "higher"
    for row, found in enumerate(rows):
        drawn = [line for line in axes.lines if list(line.get_ydata()) == [row, row]]
        spans = {tuple(line.get_xdata()) for line in drawn}
        assert spans == {
            (found.interval.low, found.interval.high),
            (found.interval_holm.low, found.interval_holm.high),
        }
        colour = SERIES[0].light if found.verdict in ("higher", "lower") else MUTED.light
        assert {line.get_color() for line in drawn} == {colour}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Effusion", "Mass", "Macro average"]
    assert any(list(line.get_xdata()) == [-0.05, -0.05] for line in axes.lines)


def test_it_is_the_same_file_each_time(results, tmp_path):
    (pair,) = results.comparisons
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        draw_difference(results, pair, 1, folder)
    names = ("difference-1.svg", "difference-1.png")
    assert all((tmp_path / "one" / n).read_bytes() == (tmp_path / "two" / n).read_bytes() for n in names)


def test_the_page_says_how_to_read_it_only_where_there_are_two_models(tmp_path):
    cohort = cohort_of({"validation": 40, "test": 40})
    table = scores_of(cohort, "validation", "test")
    other = scores_of(cohort, "validation", "test", seed=2)
    read = "Thick: the 95 % interval. Thin: the corrected one"
    assert read in page_of(tmp_path / "two", cohort, table, other)
    assert read not in page_of(tmp_path / "one", cohort, table)
