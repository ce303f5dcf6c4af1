"""The folder of synthetic radiographs: NIH's layout, the same bytes every time, nothing half-written."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from collections import defaultdict

import cv2
import pytest

from cxrtune.errors import OutputError, UsageError
from cxrtune.findings import NO_FINDING
from cxrtune.phantom import PHANTOM_FINDINGS, write_phantoms
from cxrtune.phantom.population import draw_population

NIH_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)


def _rows(folder):
    with (folder / "Data_Entry_2017_v2020.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def _names(path):
    return path.read_text().split()


def _digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_headers_are_nihs_own(phantom_folder):
    table = (phantom_folder.path / "Data_Entry_2017_v2020.csv").read_text().splitlines()
    boxes = (phantom_folder.path / "BBox_List_2017.csv").read_text().splitlines()

    assert table[0] == NIH_HEADER
    assert boxes[0] == "Image Index,Finding Label,Bbox [x,y,w,h],,,"


def test_every_row_has_an_image_and_every_image_a_row(phantom_folder):
    images = sorted(path.name for path in (phantom_folder.path / "images").iterdir())

    assert [row[0] for row in _rows(phantom_folder.path)] == images
    assert len(images) == phantom_folder.images == 60
    first = cv2.imread(str(phantom_folder.path / "images" / images[0]), cv2.IMREAD_UNCHANGED)
    assert first.shape == (96, 96)


def test_labels_come_from_the_closed_set_and_each_occurs(phantom_folder):
    labels = [row[1].split("|") for row in _rows(phantom_folder.path)]

    for found in labels:
        assert found == [NO_FINDING] or set(found) <= set(PHANTOM_FINDINGS)
        assert len(set(found)) == len(found)
    for finding in PHANTOM_FINDINGS:
        assert sum(finding in found for found in labels) == phantom_folder.positives[finding] > 0
    assert sum(found == [NO_FINDING] for found in labels) == phantom_folder.healthy_images


def test_names_and_columns_agree(phantom_folder):
    for name, _, follow_up, patient, age, sex, view, width, height, *spacing in _rows(phantom_folder.path):
        assert name == f"{int(patient):08d}_{int(follow_up):03d}.png"
        assert 18 <= int(age) <= 95
        assert (sex in "FM", view in ("PA", "AP")) == (True, True)
        assert (width, height) == ("96", "96")
        assert all(float(value) > 0 for value in spacing)


def test_lists_share_no_patient_and_miss_no_image(phantom_folder):
    train = _names(phantom_folder.path / "train_val_list.txt")
    test = _names(phantom_folder.path / "test_list.txt")

    assert sorted(train + test) == [row[0] for row in _rows(phantom_folder.path)]
    assert not {name[:8] for name in train} & {name[:8] for name in test}
    assert (len(train), len(test)) == (phantom_folder.train_val_images, phantom_folder.test_images)
    assert 0.2 <= len(test) / 60 <= 0.32


def test_boxes_name_every_label_and_lie_in_nihs_coordinates(phantom_folder):
    boxed = defaultdict(set)
    with (phantom_folder.path / "BBox_List_2017.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    for name, label, *numbers, _, _, _ in rows:
        x, y, width, height = map(float, numbers)
        assert x >= 0
        assert y >= 0
        assert min(width, height) > 0
        assert max(x + width, y + height) <= 1024
        boxed[name].add("Infiltration" if label == "Infiltrate" else label)
    assert len(rows) == phantom_folder.boxes
    for name, labels, *_ in _rows(phantom_folder.path):
        assert boxed.get(name, set()) == set(labels.split("|")) - {NO_FINDING}


def test_notice_says_that_nobody_was_radiographed(phantom_folder):
    assert "synthetic" in (phantom_folder.path / "SYNTHETIC.txt").read_text()


def test_number_of_workers_does_not_change_a_byte(tmp_path):
    folders = [
        write_phantoms(tmp_path / str(workers), count=8, seed=11, size=80, workers=workers).path
        for workers in (1, 2)
    ]

    assert _digests(folders[0]) == _digests(folders[1])


def test_seed_changes_the_images(tmp_path):
    one, other = (
        write_phantoms(tmp_path / str(seed), count=2, seed=seed, size=64, workers=1).path for seed in (1, 2)
    )

    assert set(_digests(one).values()).isdisjoint(_digests(other).values())


def test_progress_hears_of_every_image(tmp_path):
    heard: list[int] = []

    write_phantoms(tmp_path / "out", count=5, size=64, workers=1, progress=heard.append)

    assert sum(heard) == 5


def test_full_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")

    with pytest.raises(OutputError, match="not an empty folder"):
        write_phantoms(tmp_path, count=2, size=64, workers=1)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_empty_folder_is_taken(tmp_path):
    out = tmp_path / "out"
    out.mkdir()

    assert write_phantoms(out, count=1, size=64, workers=1).path == out
    assert (out / "images" / "00000001_000.png").is_file()


def test_broken_off_run_leaves_nothing(tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_phantoms(tmp_path / "out", count=3, size=64, workers=1, progress=stop)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [{"count": 0}, {"size": 16}, {"size": 5000}])
def test_what_cannot_be_meant_is_refused(tmp_path, wrong):
    with pytest.raises(UsageError):
        write_phantoms(tmp_path / "out", **wrong)


def test_drawing_needs_no_torch():
    asked = "import sys, cxrtune.phantom; print('torch' in sys.modules, 'pandas' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "False"]


def test_population_has_the_mix_that_is_promised():
    studies = draw_population(900, 0, 320)
    labels = [{lesion.finding for lesion in study.spec.lesions} for study in studies]

    assert 0.33 <= sum(not found for found in labels) / 900 <= 0.41
    for finding in PHANTOM_FINDINGS:
        assert 0.12 <= sum(finding in found for found in labels) / 900 <= 0.24
    assert 1.4 <= 900 / len({study.patient for study in studies}) <= 1.8


def test_patient_stays_the_same_between_follow_ups():
    by_patient = defaultdict(set)
    for study in draw_population(200, 4, 64):
        by_patient[study.patient].add(study.spec.physique)

    assert all(len(physiques) == 1 for physiques in by_patient.values())
