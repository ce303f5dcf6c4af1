"""The localization score against known answers, pixel masks, plain loops and written-out replicates."""

import time

import cv2
import numpy as np
import pytest
from made_up import made_up_cohort
from scipy import ndimage

from cxrtune.cohort.boxes import Boxes, read_boxes
from cxrtune.cohort.nih import read_table
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table
from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.localization.box_rule import GRID, enlarge, locate
from cxrtune.evaluation.localization.localize import (
    LUNG_CENTRES,
    LUNG_SPREAD,
    localize,
    lung_control,
    random_control,
)
from cxrtune.evaluation.localization.summary import THRESHOLDS, intersection_over_union, points_inside
from cxrtune.evaluation.statistics.bootstrap import draw_patients, percentile_interval
from cxrtune.evaluation.statistics.proportion import proportion_interval
from cxrtune.findings import NIH_FINDINGS
from cxrtune.heatmaps import Heatmaps

FINDINGS = ("Mass", "Effusion", "Nodule")


def blob(x, y, spread=0.08, cells=28):
    """A map with one hill at x, y."""
    at = (np.arange(cells) + 0.5) / cells
    return np.exp(-((at[None] - x) ** 2 + (at[:, None] - y) ** 2) / (2 * spread**2))


def boxes_of(*rows):
    """Boxes from (image, finding, x, y, width, height)."""
    return Boxes(
        images=np.array([row[0] for row in rows], dtype=object),
        findings=np.array([row[1] for row in rows], dtype=object),
        corners=np.array([row[2:] for row in rows], dtype=np.float64).reshape(-1, 4),
        file="boxes.csv",
        sha256="0" * 64,
    )


def heatmaps_of(images, maps, findings=FINDINGS):
    return Heatmaps(
        np.array(images, dtype=object), findings, np.asarray(maps, np.float32), "a model", "by hand"
    )


# The rule


@pytest.mark.parametrize("shape", [(7, 7), (1, 1), (5, 9), (32, 32), (300, 300)])
def test_maps_are_enlarged_as_opencv_does_it(shape):
    one = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    theirs = cv2.resize(one, (GRID, GRID), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(enlarge(one[None])[0], theirs, atol=2e-5)


def test_the_box_of_a_step_is_the_step():
    one = np.zeros((GRID, GRID))
    one[56:112, 28:56] = 1
    located = locate(one[None])
    np.testing.assert_allclose(located.boxes, [[28 / 224, 56 / 224, 28 / 224, 56 / 224]])
    # All of it shares the maximum: the place nearest to the middle is taken, not a corner.
    np.testing.assert_allclose(located.points, [[42 / 224, 84 / 224]], atol=0.51 / 224)


def test_only_what_is_connected_with_the_maximum_counts_and_corners_connect():
    one = np.zeros((GRID, GRID))
    one[10:20, 10:20] = 2
    one[20:30, 20:30] = 1.5  # touches by a corner
    one[100:200, 100:200] = 1.9  # stands apart
    one[30:40, 30:40] = 0.9  # touches, but below the middle
    np.testing.assert_allclose(locate(one[None]).boxes * GRID, [[10, 10, 20, 20]])


def test_a_component_may_have_any_shape():
    one = np.zeros((GRID, GRID))
    one[20:200, 20] = 1  # a frame with a hole, and the maximum on one side
    one[20:200, 150] = 1
    one[20, 20:150] = 1
    one[199, 20:151] = 1
    one[100, 150] = 3
    one[50:60, 50:60] = 3.0 - 1e-9  # inside the frame, not connected
    low = one.copy()
    low[one == 1] = 1.6
    np.testing.assert_allclose(locate(low[None]).boxes * GRID, [[20, 20, 131, 180]])
    np.testing.assert_allclose(locate(low[None]).points * GRID, [[150.5, 100.5]])


def test_the_middle_is_between_minimum_and_maximum_whatever_the_scale():
    one = blob(0.4, 0.6)
    first = locate(one[None])
    for scale, shift in ((1e-6, 0), (1e30, 0), (3, -50), (1, 1000)):
        other = locate((scale * one + shift)[None])
        np.testing.assert_array_equal(other.boxes, first.boxes)
        np.testing.assert_array_equal(other.points, first.points)


@pytest.mark.parametrize("value", [0.0, -3.0, 0.1, 1e30])
def test_a_constant_map_has_no_box_and_points_at_the_centre(value):
    located = locate(np.full((2, 7, 7), value))
    assert np.isnan(located.boxes).all()
    np.testing.assert_array_equal(located.points, 0.5)


@pytest.mark.parametrize("cells", [7, 14, 32, 300])
def test_a_map_points_at_the_centre_of_its_highest_cell_at_the_edge_too(cells):
    maps = np.zeros((2, cells, cells))
    maps[0, 0, cells - 1] = maps[1, 3, 4] = 1
    expected = [[1 - 0.5 / cells, 0.5 / cells], [4.5 / cells, 3.5 / cells]]
    np.testing.assert_allclose(locate(maps).points, expected)
    assert (locate(maps).boxes[:, 2:] > 0).all()


def test_two_equal_peaks_give_one_of_them_always_the_same():
    one = np.zeros((GRID, GRID))
    one[50, 50] = one[50, 150] = 1
    located = locate(np.stack([one, one]))
    np.testing.assert_array_equal(located.points[0], located.points[1])
    np.testing.assert_allclose(located.points[0] * GRID, [50.5, 50.5])


def test_boxes_of_noise_are_those_of_scipys_labels():
    maps = np.random.default_rng(3).random((40, 7, 7))
    located = locate(maps)
    for cells, large, point, box in zip(maps, enlarge(maps), located.points, located.boxes, strict=True):
        row, column = np.unravel_index(cells.argmax(), cells.shape)
        np.testing.assert_allclose(point * 7, [column + 0.5, row + 0.5])
        labels, _ = ndimage.label(large >= (cells.max() + cells.min()) / 2, structure=np.ones((3, 3)))
        rows, columns = np.nonzero(labels == labels[32 * row + 16, 32 * column + 16])
        expected = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
        np.testing.assert_allclose(box * GRID, expected)


# Boxes against boxes


def test_intersection_over_union_is_that_of_pixel_masks():
    random = np.random.default_rng(1)
    low = random.integers(0, 60, size=(2, 200, 2))
    boxes = np.concatenate([low, random.integers(1, 40, size=(2, 200, 2))], axis=-1)

    def mask(box):
        x, y, width, height = box
        canvas = np.zeros((100, 100), dtype=bool)
        canvas[y : y + height, x : x + width] = True
        return canvas

    expected = []
    for first, second in zip(*boxes, strict=True):
        a, b = mask(first), mask(second)
        expected.append((a & b).sum() / (a | b).sum())
    found = intersection_over_union(boxes[0] / 100, boxes[1] / 100)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert 0 < (found == 0).sum() < 200


def test_no_box_shares_nothing():
    one = np.array([0.1, 0.1, 0.3, 0.3])
    assert intersection_over_union(np.full(4, np.nan), one) == 0
    assert intersection_over_union(one, one) == pytest.approx(1)


def test_the_edges_belong_to_a_box():
    box = np.array([0.25, 0.5, 0.25, 0.25])
    points = np.array([[0.25, 0.5], [0.5, 0.75], [0.3, 0.6], [0.2499, 0.6], [0.3, 0.7501]])
    assert points_inside(points, box).tolist() == [True, True, True, False, False]


# The controls


def test_the_lung_control_is_its_stated_blob():
    located = lung_control()
    np.testing.assert_allclose(located.points, LUNG_CENTRES, atol=0.5 / GRID + 1e-9)
    side = 2 * LUNG_SPREAD * np.sqrt(2 * np.log(2))
    np.testing.assert_allclose(located.boxes[:, 2:], side, atol=2 / GRID)
    np.testing.assert_allclose(located.boxes[:, :2] + side / 2, LUNG_CENTRES, atol=2 / GRID)


def test_the_random_control_follows_the_seed_only():
    first, again, other = (random_control((7, 7), seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert (first.boxes != other.boxes).any()


def test_random_points_fall_into_a_box_about_as_often_as_its_area_says():
    cohort = made_up_cohort({"Mass": [1]}, [1])
    maps = heatmaps_of(cohort.images, np.zeros((1, 1, 16, 16)), ("Mass",))
    boxes = boxes_of((cohort.images[0], "Mass", 0.25, 0.25, 0.5, 0.5))
    found = localize("m", maps, boxes, cohort, np.arange(1), replicates=100, seed=0)
    assert found.findings["Mass"].controls["random"].pointing == pytest.approx(0.25, abs=0.05)


# The whole score


@pytest.fixture(scope="module")
def scene():
    """Sixty images of 24 patients with boxes of two findings, and maps that find half of them."""
    random = np.random.default_rng(8)
    cohort = made_up_cohort(
        {finding: random.integers(0, 2, 60) for finding in FINDINGS}, random.integers(0, 24, 60)
    )
    rows, maps = [], np.zeros((60, 3, 28, 28))
    for place, image in enumerate(cohort.images):
        for column, finding in enumerate(FINDINGS[:2]):
            hit = random.random() < 0.5
            maps[place, column] = blob(*random.random(2))
            if random.random() < 0.6:
                for _ in range(random.integers(1, 3)):
                    x, y = random.uniform(0.05, 0.6, 2)
                    width, height = random.uniform(0.1, 0.3, 2)
                    rows.append((image, finding, x, y, width, height))
                if hit:
                    maps[place, column] = blob(x + width / 2, y + height / 2)
    maps[5, 0] = np.nan
    order = random.permutation(60)
    return cohort, boxes_of(*rows), heatmaps_of(cohort.images[order], maps[order])


@pytest.fixture(scope="module")
def result(scene):
    cohort, boxes, heatmaps = scene
    return localize("ours", heatmaps, boxes, cohort, np.arange(60), replicates=300, seed=2)


def by_hand(scene, finding, located_of):
    """The nine values by image, in plain loops; each is the mean over a control's maps."""
    cohort, boxes, heatmaps = scene
    column, values = heatmaps.findings.index(finding), {}
    for image in cohort.images:
        own = boxes.corners[(boxes.images == image) & (boxes.findings == finding)]
        one = heatmaps.maps[list(heatmaps.images).index(image), column]
        if not len(own) or np.isnan(one).any():
            continue
        located = located_of(one)
        hits, overlaps = [], []
        for (px, py), box in zip(located.points, located.boxes, strict=True):
            hits.append(any(x <= px <= x + w and y <= py <= y + h for x, y, w, h in own))
            overlaps.append(max(float(intersection_over_union(box, mine)) for mine in own))
        shares = [float(np.mean([overlap >= float(t) for overlap in overlaps])) for t in THRESHOLDS]
        values[image] = (float(np.mean(hits)), float(np.mean(overlaps)), *shares)
    return values


CONTROLS = {
    "model": lambda one: locate(one[None]),
    "lung": lambda one: lung_control(),
    "random": lambda one: NOISE,
}
NOISE = random_control((28, 28), 2)


@pytest.mark.parametrize("finding", FINDINGS[:2])
@pytest.mark.parametrize("name", CONTROLS)
def test_values_are_those_of_plain_loops(scene, result, finding, name):
    expected = by_hand(scene, finding, CONTROLS[name])
    found = result.findings[finding]
    values = found.values if name == "model" else found.controls[name]
    np.testing.assert_allclose(list(values.measures.values()), np.mean(list(expected.values()), axis=0))
    assert found.images == len(expected)


def test_intervals_and_differences_are_those_of_replicates_written_out(scene, result):
    cohort, _, heatmaps = scene
    scores = {
        (finding, name): by_hand(scene, finding, CONTROLS[name])
        for finding in FINDINGS[:2]
        for name in ("model", "lung")
    }
    patient_of = dict(zip(cohort.images, cohort.patients, strict=True))
    boxed = sorted({image for one in scores.values() for image in one})
    names = np.array([patient_of[image] for image in boxed], dtype=object)
    resamples = draw_patients(names, replicates=300, seed=2)
    drawn = {key: [] for key in scores}
    for replicate in range(300):
        repeated = np.repeat(boxed, resamples.times[resamples.codes, replicate])
        for key, values in scores.items():
            drawn[key].append(np.mean([values[image] for image in repeated if image in values], axis=0))
    means = {
        name: np.mean([drawn["Mass", name], drawn["Effusion", name]], axis=0) for name in ("model", "lung")
    }
    for stored, values in (
        (result.findings["Mass"].values, drawn["Mass", "model"]),
        (result.findings["Effusion"].controls["lung"], drawn["Effusion", "lung"]),
        (result.macro.values, means["model"]),
    ):
        is_macro_or_control = stored is not result.findings["Mass"].values
        for column, measure in enumerate(stored.measures):
            if not is_macro_or_control and measure != "mean_iou":
                continue  # a share of images, below
            expected = percentile_interval(np.array(values)[:, column])
            if expected is None:
                assert measure not in stored.intervals
                continue
            low, high = expected
            assert (stored.intervals[measure].low, stored.intervals[measure].high) == pytest.approx(
                (low, high)
            )
    images = sorted(scores["Mass", "model"])
    patients = np.unique([patient_of[image] for image in images], return_inverse=True)[1]
    pointing = np.array([scores["Mass", "model"][image][0] for image in images])
    shares = np.bincount(patients, weights=pointing), np.bincount(patients)
    stored = result.findings["Mass"].values.intervals["pointing"]
    assert (stored.low, stored.high) == pytest.approx(proportion_interval(*shares))
    less = pointing - [scores["Mass", "lung"][image][0] for image in images]
    stored = result.findings["Mass"].differences["lung"]["pointing"]
    signs = np.random.default_rng(0).choice([-1, 1], size=(4000, patients.max() + 1))
    share = np.mean(np.abs(signs[:, patients] @ less) >= abs(less.sum()) - 1e-9)
    # Four Monte-Carlo standard errors of 4,000 draws, and one draw.
    assert stored.p_value == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 4000) + 1 / 4000)
    values = result.findings["Mass"]
    assert stored.difference == pytest.approx(values.values.pointing - values.controls["lung"].pointing)
    assert stored.p_value <= stored.p_holm <= 2 * stored.p_value
    assert result.macro.differences["lung"]["pointing"].p_holm == (
        result.macro.differences["lung"]["pointing"].p_value
    )
    assert heatmaps.findings[2] not in result.findings


def test_counts_say_what_was_judged_and_what_was_not(scene, result):
    cohort, boxes, _ = scene
    fifth = boxes.images == cohort.images[5]
    lost = int((fifth & (boxes.findings == "Mass")).any())
    assert lost == 1
    assert result.not_scored == 1
    assert result.boxes == len(boxes) - int((fifth & (boxes.findings == "Mass")).sum())
    assert result.images == len(set(boxes.images) - ({cohort.images[5]} if not (
        fifth & (boxes.findings == "Effusion")).any() else set()))  # fmt: skip
    assert (result.macro_over, result.cells, result.without) == (2, [28, 28], [])
    assert result.macro.boxes == sum(found.boxes for found in result.findings.values()) == result.boxes


def test_the_order_of_maps_and_boxes_does_not_matter(scene, result):
    cohort, boxes, heatmaps = scene
    order = np.random.default_rng(0).permutation(len(boxes))
    turned = Boxes(boxes.images[order], boxes.findings[order], boxes.corners[order], boxes.file, boxes.sha256)
    back = heatmaps_of(heatmaps.images[::-1], heatmaps.maps[::-1])
    assert localize("ours", back, turned, cohort, np.arange(60), replicates=300, seed=2) == result


def test_a_perfect_model_beats_the_controls_clearly_and_a_constant_one_does_not():
    random = np.random.default_rng(1)
    cohort = made_up_cohort({"Mass": [0] * 80}, np.arange(80) // 2)
    rows, maps = [], []
    for image in cohort.images:
        x, y = random.uniform(0.05, 0.75, 2)
        rows.append((image, "Mass", x, y, 0.2, 0.2))
        maps.append([blob(x + 0.1, y + 0.1, 0.1 / np.sqrt(2 * np.log(2)), 56)])
    for kind, planes in (("perfect", maps), ("constant", np.ones((80, 1, 7, 7)))):
        found = localize(
            kind, heatmaps_of(cohort.images, planes, ("Mass",)), boxes_of(*rows), cohort, np.arange(80),
            replicates=400, seed=0,
        ).findings["Mass"]  # fmt: skip
        pointing = {control: found.differences[control]["pointing"] for control in ("random", "lung")}
        if kind == "perfect":
            assert found.values.pointing == 1
            assert found.values.iou["0.7"] == 1
            assert all(one.interval.low > 0.5 and one.p_holm < 1e-3 for one in pointing.values())
        else:
            assert found.values.mean_iou == 0
            assert found.values.iou["0.1"] == 0


def test_few_boxed_images_have_values_and_counts_but_no_intervals():
    cohort = made_up_cohort({"Mass": [1] * 9}, np.arange(9))
    rows = [(image, "Mass", 0.1, 0.1, 0.3, 0.3) for image in cohort.images]
    maps = np.stack([[blob(0.25, 0.25)]] * 9)
    found = localize(
        "m", heatmaps_of(cohort.images, maps, ("Mass",)), boxes_of(*rows), cohort, np.arange(9),
        replicates=200, seed=0,
    )  # fmt: skip
    for one in (found.findings["Mass"], found.macro):
        assert (one.values.pointing, one.images, one.boxes) == (1, 9, 9)
        assert one.values.intervals == {}
        assert one.differences["lung"]["pointing"].interval is None
        assert one.differences["lung"]["pointing"].p_holm is None
        assert one.differences["lung"]["pointing"].difference is not None


def test_images_outside_the_split_or_the_cohort_and_findings_without_maps_do_not_count():
    cohort = made_up_cohort({"Mass": [1] * 4}, np.arange(4))
    rows = [(image, "Mass", 0.1, 0.1, 0.3, 0.3) for image in (*cohort.images, "other.png")]
    boxes = boxes_of(*rows, (cohort.images[0], "Hernia", 0.1, 0.1, 0.3, 0.3))
    maps = heatmaps_of([*cohort.images, "other.png"], np.stack([[blob(0.25, 0.25)]] * 5), ("Mass",))
    found = localize("m", maps, boxes, cohort, np.array([1, 2]), replicates=100, seed=0)
    assert (found.images, found.boxes, found.not_scored, found.without) == (2, 2, 0, [])
    whole = localize("m", maps, boxes, cohort, np.arange(4), replicates=100, seed=0)
    assert (whole.images, whole.without) == (4, ["Hernia"])
    none = boxes_of(("other.png", "Mass", 0.1, 0.1, 0.3, 0.3))
    assert localize("m", maps, none, cohort, np.arange(4), replicates=100, seed=0) is None
    assert localize("m", maps, boxes_of(), cohort, np.arange(4), replicates=100, seed=0) is None


def test_on_nihs_whole_list_maps_of_the_boxes_point_into_all_of_them_in_seconds():
    """984 boxes, 880 images, 8 findings; all replicates. A heart is never in the centre of the right lung."""
    path, table = shipped_table("BBox_List_2017.csv.gz"), shipped_table(NIH_TABLE)
    boxes = read_boxes(path)
    frame = read_table(table)
    frame = frame[frame["image"].isin(boxes.images)].assign(split="test")
    described = ["image", "patient", "view", "sex", "age", "followup", "split"]
    cohort = CohortTable(frame[[*described, *NIH_FINDINGS]].reset_index(drop=True))
    maps = np.full((len(cohort), 14, 16, 16), np.nan, dtype=np.float32)
    places = {image: row for row, image in enumerate(cohort.images)}
    for image, finding, (x, y, width, height) in zip(
        boxes.images, boxes.findings, boxes.corners, strict=True
    ):
        centre = blob(x + width / 2, y + height / 2, 0.1, 16)
        maps[places[image], NIH_FINDINGS.index(finding)] = centre
    start = time.process_time()
    found = localize(
        "m", heatmaps_of(cohort.images, maps, NIH_FINDINGS), boxes, cohort, np.arange(len(cohort)),
        replicates=2000, seed=0,
    )  # fmt: skip
    assert time.process_time() - start < 30
    assert (found.boxes, found.images, found.macro_over, found.not_scored) == (984, 880, 8, 0)
    # A cell is 64 px wide: in narrower boxes its centre may lie just outside.
    assert found.macro.values.pointing > 0.95
    assert found.findings["Cardiomegaly"].values.pointing == 1
    assert found.findings["Cardiomegaly"].controls["lung"].pointing <= 0.5
    for one in found.findings.values():
        assert one.differences["lung"]["pointing"].interval.low > 0.3
