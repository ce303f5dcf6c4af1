"""Dataset objects of TorchXRayVision, its own classes on files made here -> cohort and images."""

import numpy as np
import pandas as pd
import pytest
import torchxrayvision as xrv

from cxrtune.cohort.xrv_dataset import cohort_of_xrv
from cxrtune.errors import DataError, UsageError
from cxrtune.images.decode import read_radiograph
from own_data import known


@pytest.fixture
def nih_dataset(nih_folder):
    """TorchXRayVision's own NIH dataset on the tiny folder, both views."""
    return xrv.datasets.NIH_Dataset(
        imgpath=str(nih_folder.path / "images"),
        csvpath=str(nih_folder.path / "Data_Entry_2017_v2020.csv"),
        views=["PA", "AP"],
        unique_patients=False,
    )


def test_an_nih_dataset_becomes_a_cohort_with_the_very_pixels(nih_dataset, tmp_path):
    cohort = cohort_of_xrv(nih_dataset, tmp_path)
    assert len(cohort) == len(nih_dataset)
    assert cohort.findings == tuple(nih_dataset.pathologies)
    np.testing.assert_array_equal(cohort.labels, nih_dataset.labels)
    assert list(cohort.patients) == list(nih_dataset.csv["Patient ID"].astype(str))
    assert (cohort.frame.groupby("patient")["split"].nunique() == 1).all()
    assert set(cohort.frame["split"]) == {"train", "validation", "test"}
    for row in (0, 7):
        pixels = read_radiograph(tmp_path / cohort.images[row]).pixels
        assert pixels.dtype == np.uint8
        scaled = (2 * (pixels.astype(np.float32) / 255) - 1) * 1024
        np.testing.assert_allclose(scaled, nih_dataset[row]["img"][0], atol=1e-3)


def test_merged_reduced_and_relabelled_datasets_keep_what_is_not_known(nih_dataset, tmp_path):
    wanted = ["Fracture", "Effusion", "Pleural_Thickening"]
    xrv.datasets.relabel_dataset(wanted, nih_dataset, silent=True)
    reduced = xrv.datasets.SubsetDataset(nih_dataset, list(range(0, 30, 2)))
    cohort = cohort_of_xrv(xrv.datasets.MergeDataset([reduced]), tmp_path)
    assert len(cohort) == 15
    assert cohort.findings == tuple(wanted)
    assert known(cohort.frame["Fracture"]) == [None] * 15
    assert known(cohort.frame["Effusion"]) == [int(v) for v in nih_dataset.labels[:30:2, 1]]


class Made:
    """What any dataset of TorchXRayVision has, and nothing more."""

    def __init__(self, images, **table):
        self.images, self.csv = images, pd.DataFrame(table)
        self.pathologies = ["Nodule/Mass"]
        self.labels = np.array([[1.0], [0.0], [np.nan], [1.0], [0.0]] * 2)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, item):
        return {"img": self.images[item]}


def test_images_that_are_no_8_bits_keep_sixteen_and_a_call_goes_on(tmp_path):
    random = np.random.default_rng(0)
    images = random.uniform(-1024, 1024, (10, 1, 20, 30)).astype(np.float32)
    ages = {"age_years": [30.6, np.nan] * 5, "sex_male": [True, False] * 5, "sex_female": [False, True] * 5}
    made = Made(images, view=["PA", "AP Supine"] * 5, **ages)
    cohort = cohort_of_xrv(made, tmp_path, patients=[str(n) for n in range(10)])
    first = tmp_path / cohort.images[0]
    pixels = read_radiograph(first).pixels
    assert pixels.dtype == np.uint16
    np.testing.assert_allclose(pixels / 65535 * 2048 - 1024, images[0, 0], atol=0.02)
    assert cohort.findings == ("Nodule_Mass",)
    assert list(cohort.frame["view"][:2]) == ["PA", "AP"]
    assert list(cohort.frame["sex"][:2]) == ["M", "F"]
    assert known(cohort.frame["age"][:2]) == [31, None]
    before = first.stat().st_mtime_ns
    (tmp_path / cohort.images[3]).unlink()
    cohort_of_xrv(made, tmp_path, patients=[str(n) for n in range(10)])
    assert first.stat().st_mtime_ns == before
    assert (tmp_path / cohort.images[3]).is_file()


def test_what_is_no_such_dataset_is_refused(tmp_path):
    images = np.full((10, 1, 8, 8), 2000.0)
    with pytest.raises(UsageError, match="tells no patients"):
        cohort_of_xrv(Made(images, view=["PA"] * 10), tmp_path)
    with pytest.raises(DataError, match=r"an image of shape \(1, 8, 8\) in \[2000, 2000\]"):
        cohort_of_xrv(Made(images, patientid=range(10)), tmp_path)
    with pytest.raises(UsageError, match="this dataset has 9 radiographs, 10 rows in csv"):
        cohort_of_xrv(Made(images[:9], patientid=range(10)), tmp_path)
    assert not list(tmp_path.rglob("*.png"))


def test_pathologies_that_would_become_one_finding_are_refused_before_anything_is_written(tmp_path):
    made = Made(np.zeros((10, 1, 8, 8)), patientid=range(10))
    made.pathologies, made.labels = ["Nodule/Mass", "Nodule Mass"], np.zeros((10, 2))
    with pytest.raises(UsageError, match="the findings 'Nodule_Mass' and 'Nodule_Mass' cannot be told apart"):
        cohort_of_xrv(made, tmp_path)
    made.pathologies = ["Mass", "Quality"]
    with pytest.raises(UsageError, match="'Quality' cannot be the name of a finding"):
        cohort_of_xrv(made, tmp_path)
    assert not list(tmp_path.iterdir())


def test_patients_of_merged_tables_are_one_person_however_they_are_written(tmp_path):
    told = []
    made = Made(np.zeros((10, 1, 8, 8)), patientid=["1", "1.0", 2, "2.0", "03", "3", 4, 5, 6, 7])
    cohort = cohort_of_xrv(made, tmp_path, tell=told.append)
    assert list(cohort.patients[:6]) == ["1", "1", "2", "2", "03", "03"]
    assert told[0].startswith("3 patients are written in more than one way")
