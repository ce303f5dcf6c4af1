"""NIH's whole table, counted once more with nothing but the csv module."""

import csv
import gzip
import importlib.util
import json
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from nih_folder import COMMON, RARE

# The numbers that the experiment before cxrtune published (nih8) and that NIH published (nih14).
PUBLISHED = {
    "nih8": {"train_val": 80_097, "test": 21_801},
    "nih14": {"train_val": 86_524, "test": 25_596},
}
TEST_POSITIVES = {
    "Pneumothorax": 2_124,
    "Mass": 1_491,
    "Atelectasis": 2_764,
    "Nodule": 1_401,
    "Consolidation": 1_528,
    "Pleural_Thickening": 926,
    "Effusion": 3_755,
    "Infiltration": 5_013,
}


def shipped_table() -> Path:
    package = Path(importlib.util.find_spec("torchxrayvision").origin).parent
    return package / "data" / "Data_Entry_2017_v2020.csv.gz"


@cache
def rows_of(table: Path) -> list[dict[str, str]]:
    data = table.read_bytes()
    text = (gzip.decompress(data) if table.suffix == ".gz" else data).decode("utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("no-table-no-lists")


@pytest.fixture(scope="module")
def make(tmp_path_factory, quietly):
    """Make the cohort of a folder's whole table, once a choice of options."""
    out = tmp_path_factory.mktemp("cohorts")

    @cache
    def run(folder, *options) -> pd.DataFrame:
        file = out / f"{len(list(out.glob('*.parquet')))}.parquet"
        quietly("cohort", "--data", folder, "--metadata-only", "--out", file, *options)
        return pd.read_parquet(file)

    return run


@pytest.fixture(params=["NIH's folder with table and lists", "a folder with neither"])
def source(request):
    """A folder that stands for NIH's whole set: NIH's own files, or those that packages ship."""
    if request.param == "a folder with neither":
        return request.getfixturevalue("empty_folder"), shipped_table()
    folder = request.getfixturevalue("nih")
    return folder, folder / "Data_Entry_2017_v2020.csv"


@pytest.mark.parametrize("protocol", ["nih8", "nih14"])
def test_the_whole_table_gives_the_published_numbers(source, make, protocol):
    folder, table = source
    frame = make(folder, "--protocol", protocol)
    sizes = Counter(frame["split"])
    assert sizes["train"] + sizes["validation"] == PUBLISHED[protocol]["train_val"]
    assert sizes["test"] == PUBLISHED[protocol]["test"]

    findings = list(frame.columns[7:])
    assert len(findings) == int(protocol.removeprefix("nih"))
    labels = {row["Image Index"]: set(row["Finding Labels"].split("|")) for row in rows_of(table)}
    wanted = Counter(
        (split, finding)
        for image, split in zip(frame["image"], frame["split"], strict=True)
        for finding in labels[image] & set(findings)
    )
    found = {
        (split, finding): int(part[finding].sum())
        for split, part in frame.groupby("split")
        for finding in findings
    }
    assert found == {key: wanted[key] for key in found}
    if protocol == "nih8":
        assert {f: found["test", f] for f in findings} == TEST_POSITIVES
        assert not any(labels[image] & set(RARE) for image in frame["image"])
        assert findings == [f for f in (*COMMON, *RARE) if f in TEST_POSITIVES]
    else:
        patients = frame.groupby(frame["split"] == "test")["patient"].nunique()
        assert (patients[False], patients[True]) == (28_008, 2_797)


def test_the_packaged_test_patients_are_those_of_nihs_lists(nih, make, empty_folder):
    patient_of = {row["Image Index"]: row["Patient ID"] for row in rows_of(nih / "Data_Entry_2017_v2020.csv")}
    listed = (nih / "test_list.txt").read_text().split()
    in_lists = {patient_of[image] for image in listed}
    frame = make(empty_folder, "--protocol", "nih14")
    assert set(frame["patient"][frame["split"] == "test"]) == in_lists
    assert len(in_lists) == 2_797
    assert set(frame["image"][frame["split"] == "test"]) == set(listed)


@pytest.mark.parametrize("protocol", ["nih8", "nih14"])
def test_validation_is_a_fifth_of_the_patients_and_shares_none(empty_folder, make, protocol):
    frame = make(empty_folder, "--protocol", protocol)
    sides = defaultdict(set)
    for patient, split in zip(frame["patient"], frame["split"], strict=True):
        sides[patient].add(split)
    assert all(len(splits) == 1 for splits in sides.values())
    patients = Counter(split for splits in sides.values() for split in splits)
    assert patients["validation"] == round(0.2 * (patients["train"] + patients["validation"]))


def validation_patients(frame: pd.DataFrame) -> set[str]:
    return set(frame["patient"][frame["split"] == "validation"])


def test_the_seed_alone_chooses_the_validation_patients(empty_folder, make):
    first = make(empty_folder, "--protocol", "nih8")
    again = make(empty_folder, "--seed", "0", "--protocol", "nih8")
    pd.testing.assert_frame_equal(first, again)
    chosen = validation_patients(first)
    others = validation_patients(make(empty_folder, "--seed", "1"))
    # Two independent fifths share a fifth of each.
    assert 0.15 < len(chosen & others) / len(chosen) < 0.25


def test_most_patients_keep_their_side_when_images_arrive(empty_folder, make, tmp_path):
    half = tmp_path / "half"
    half.mkdir()
    rows = rows_of(shipped_table())
    # Every other patient is new; the table's order is turned round besides, which must not matter.
    kept = [row for row in rows if int(row["Patient ID"]) % 2][::-1]
    with (half / "Data_Entry_2017.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, kept[0].keys())
        writer.writeheader()
        writer.writerows(kept)
    before, after = make(half), make(empty_folder, "--protocol", "nih8")
    sides = [dict(zip(frame["patient"], frame["split"], strict=True)) for frame in (before, after)]
    moved = [patient for patient in sides[0] if sides[0][patient] != sides[1][patient]]
    assert len(sides[0]) > 10_000
    assert len(moved) / len(sides[0]) < 0.02
    assert not any("test" in (sides[0][patient], sides[1][patient]) for patient in moved)


def test_the_subset_on_disk_is_kept_and_the_rest_is_counted(nih, cxrtune, tmp_path):
    out = tmp_path / "cohort.parquet"
    seen = cxrtune("cohort", "--data", nih, "--protocol", "nih14", "--out", out)
    on_disk = {path.name for path in (nih / "images").iterdir()}
    assert set(pd.read_parquet(out)["image"]) == on_disk
    assert f"{112_120 - len(on_disk):,} not on disk" in seen.out
    assert json.loads((tmp_path / "cohort.provenance.json").read_text())["counts"]["not_on_disk"] == (
        112_120 - len(on_disk)
    )


def test_images_in_several_folders_are_found(nih_1024, cxrtune, tmp_path):
    out = tmp_path / "cohort.parquet"
    assert cxrtune("cohort", "--data", nih_1024, "--protocol", "nih14", "--out", out).code == 0
    on_disk = {path.name for path in nih_1024.glob("images_0*/images/*")}
    assert set(pd.read_parquet(out)["image"]) == on_disk
    assert len(list(nih_1024.glob("images_0*/images/*"))) == len(on_disk) > 100
