"""The flow figure: its numbers add up, and nothing covers anything, whatever the names and numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text
from paper_made import COUNTS, DRAWN, NIH, THREE, chain, cohort_record, material_of, results_named
from sentences import cohort_of, results_of, scores_of

from cxrtune.report.figures.style import report_style
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.flow import FlowCounts, FlowFinding, FlowPart, flow_of
from cxrtune.report.paper.flow_figure import draw_flow, make_figure

LARGE = 123_456_789
WORST = FlowCounts(
    in_table=LARGE,
    left_out=(("excluded by the protocol", LARGE), ("not on disk", LARGE)),
    images=LARGE,
    patients=LARGE,
    unreadable=LARGE,
    parts=tuple(
        FlowPart(name, LARGE, LARGE, LARGE) for name in ("Training", "Tuning (validation)", "Internal test")
    ),
    not_scored=tuple(
        (f"xrv:densenet121-res224-of-a-very-long-name-{i}-" + "x" * 60, LARGE) for i in range(4)
    ),
    evaluated=LARGE,
    evaluated_patients=LARGE,
    findings=tuple(
        FlowFinding(f"Enlarged cardiomediastinum with a long name {i}", LARGE, LARGE, LARGE, LARGE)
        for i in range(14)
    ),
    models=5,
    synthetic=True,
)


def without_covering(flow: FlowCounts) -> None:
    with report_style():
        figure = make_figure(flow)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        texts = [one for one in figure.findobj(Text) if one.get_text().strip() and one.get_visible()]
        extents = {
            one.get_text() + str(place): one.get_window_extent(renderer) for place, one in enumerate(texts)
        }
        for (first, a), (second, b) in combinations(extents.items(), 2):
            overlap_x = min(a.x1, b.x1) - max(a.x0, b.x0)
            overlap_y = min(a.y1, b.y1) - max(a.y0, b.y0)
            # Lines of text that touch by less than a pixel are set close, not one over the other.
            assert overlap_x <= 1 or overlap_y <= 1, (first, second)
        for name, a in extents.items():
            assert figure.bbox.x0 <= a.x0, name
            assert a.x1 <= figure.bbox.x1, name
            assert figure.bbox.y0 <= a.y0, name
            assert a.y1 <= figure.bbox.y1, name
        boxes = [one.get_window_extent(renderer) for one in figure.findobj(FancyBboxPatch)]
        for a, b in combinations(boxes, 2):
            assert not a.overlaps(b)
        for name, a in extents.items():
            for box in boxes:
                inside = box.x0 <= a.x0 and a.x1 <= box.x1 and box.y0 <= a.y0 and a.y1 <= box.y1
                assert inside or not box.overlaps(a), name


def test_nothing_covers_anything_for_the_longest_names_and_numbers() -> None:
    without_covering(WORST)


@pytest.mark.parametrize(
    "changes",
    [
        {"in_table": None, "left_out": ()},
        {"unreadable": None},
        {"patients": None, "not_scored": ()},
        {"parts": WORST.parts[:1]},
        {"parts": WORST.parts[:2]},
        {"findings": ()},
        {"findings": tuple(replace(one, unknown=0) for one in WORST.findings)},
        {"parts": tuple(replace(one, evaluated=0) for one in WORST.parts[:2]) + WORST.parts[2:]},
        {"in_table": 1, "images": 1, "patients": 1, "evaluated": 1, "evaluated_patients": 1, "models": 1},
    ],
)
def test_nothing_covers_anything_where_something_is_not_known(changes: dict[str, object]) -> None:
    without_covering(replace(WORST, **changes))  # type: ignore[arg-type]


def test_the_numbers_add_up() -> None:
    results = results_named(NIH, ours=True)
    flow = flow_of(Facts(material_of(results, *chain())))
    assert flow.in_table == COUNTS["in_table"]
    assert flow.in_table - sum(images for _, images in flow.left_out) == flow.images == 220
    assert sum(part.images for part in flow.parts) == flow.images
    assert sum(part.patients for part in flow.parts) == flow.patients == 110
    assert sum(part.evaluated for part in flow.parts) == flow.evaluated == 80
    assert flow.evaluated_patients == 40
    assert flow.unreadable == 3
    assert [part.name for part in flow.parts] == ["Training", "Tuning (validation)", "Internal test"]
    for finding in flow.findings:
        assert finding.positives + finding.negatives + finding.unknown == flow.evaluated
        assert finding.unknown == 0


def test_what_no_record_tells_is_not_drawn() -> None:
    results = results_named(NIH)
    flow = flow_of(Facts(material_of(results)))
    assert flow.in_table is None
    assert flow.left_out == ()
    assert flow.unreadable is None
    assert [part.name for part in flow.parts][-1] == "Test"
    torn = flow_of(Facts(material_of(results.model_copy(update={"patients_in_two_parts": 4}))))
    assert torn.patients is None


def test_a_record_of_another_cohort_is_not_drawn() -> None:
    _, pack, *others = chain()
    flow = flow_of(Facts(material_of(results_named(NIH, ours=True), cohort_record("other"), pack, *others)))
    assert flow.in_table is None


def test_images_without_a_score_are_counted() -> None:
    cohort = cohort_of(THREE)
    tables = scores_of(cohort, "test"), scores_of(cohort, "test", keep=31)
    flow = flow_of(Facts(material_of(results_of(cohort, *tables))))
    assert flow.not_scored == (("b", 49),)
    assert flow.evaluated == 31
    assert flow.models == 2


def test_the_figure_is_the_same_bytes_again_and_says_synthetic(tmp_path: Path) -> None:
    flow = flow_of(Facts(material_of(results_named(DRAWN))))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        draw_flow(flow, tmp_path / name)
    for name in ("flow.svg", "flow.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "Synthetic images" in (tmp_path / "a" / "flow.svg").read_text(encoding="utf-8")
