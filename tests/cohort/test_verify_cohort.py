"""`cxrtune verify DIR --cohort FILE`: the images that any cohort names."""

import shutil

import pandas as pd
import pytest
from PIL import Image

from cxrtune.cohort.folder import locate_images
from cxrtune.errors import DataError
from nih_folder import image_of

NAMES = ("ward a/1.png", "ward a/2.png", "ward b/1.png", "ward b/2.png", "3.png")


@pytest.fixture
def own(tmp_path):
    """A folder with folders, and a cohort that names its images with them."""
    folder = tmp_path / "own"
    for number, name in enumerate(NAMES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image_of(number)).save(folder / name)
    return folder


def _cohort(tmp_path, **changes):
    table = {
        "image": list(NAMES),
        "patient": ["a", "a", "b", "b", "c"],
        "view": ["PA"] * 5,
        "sex": ["F"] * 5,
        "age": pd.array([50] * 5, dtype="Int16"),
        "followup": pd.array([0] * 5, dtype="Int16"),
        "split": ["train", "train", "validation", "validation", "test"],
        "Mass": pd.array([0, 1, 0, 1, 1], dtype="Int8"),
    } | changes
    path = tmp_path / "cohort.parquet"
    pd.DataFrame(table).to_parquet(path)
    return path


@pytest.mark.parametrize("decode", [False, True])
def test_a_clean_cohort(own, verify, tmp_path, decode):
    verified = verify(own, "--cohort", _cohort(tmp_path), decode=decode)
    assert {problem["kind"] for problem in verified.problems} == {"odd-name"}  # the spaces
    assert "cohort: 5 images, 3 patients, 1 findings" in verified.seen.out


def test_everything_wrong_at_once(own, verify, tmp_path):
    (own / "ward a/1.png").unlink()
    (own / "ward a/2.png").write_bytes(b"")
    shutil.copy(own / "ward b/1.png", own / "3.png")
    cohort = _cohort(tmp_path, patient=["a", "a", "b", "c", "c"])
    verified = verify(own, "--cohort", cohort, decode=True)
    errors = [(p["kind"], p["file"]) for p in verified.problems if p["severity"] == "error"]
    assert errors == [
        ("missing-image", "ward a/1.png"),
        ("patient-across-splits", "ward b/2.png"),
        ("unreadable-image", "ward a/2.png"),
        ("duplicate-image", "3.png"),
    ]
    across = verified.of("patient-across-splits")[0]["what"]
    assert (
        across
        == "is of a patient who is in 2 splits: ward b/2.png in validation, 3.png in test; expected one"
    )
    assert "the copies are in test and validation" in verified.of("duplicate-image")[0]["what"]
    assert verified.seen.code == 1


@pytest.mark.parametrize("name", ["../secret.png", "/etc/3.png", "ward a/../../secret.png"])
def test_a_name_that_leads_out_of_the_folder_is_not_followed(own, verify, tmp_path, name):
    Image.fromarray(image_of(9)).save(tmp_path / "secret.png")
    cohort = _cohort(tmp_path, image=[*NAMES[:4], name])
    problems = [p for p in verify(own, "--cohort", cohort).problems if p["kind"] != "odd-name"]
    assert [(p["kind"], p["severity"], p["file"]) for p in problems] == [("link-outside", "error", name)]


def test_a_link_out_of_the_folder(own, verify, tmp_path):
    (own / "3.png").rename(tmp_path / "3.png")
    (own / "3.png").symlink_to(tmp_path / "3.png")
    (problem,) = verify(own, "--cohort", _cohort(tmp_path)).of("link-outside")
    assert (problem["severity"], problem["file"]) == ("warning", "3.png")


def test_a_cohort_of_nihs_finds_its_images_by_name(nih_folder, verify, cxrtune, tmp_path):
    cohort = tmp_path / "cohort.parquet"
    assert cxrtune("cohort", "--data", nih_folder.path, "--out", cohort).code == 0
    assert not verify(nih_folder.path, "--cohort", cohort).problems
    nih_folder.file(nih_folder.images[1]).unlink()
    verify(nih_folder.path, "--cohort", cohort).only("missing-image", "error", nih_folder.images[1])


def test_images_are_looked_for_where_a_pack_finds_them(own, verify, tmp_path):
    (own / "images").mkdir()
    (own / "3.png").rename(own / "images/3.png")
    cohort = _cohort(tmp_path)
    found = locate_images(own, NAMES)  # one lies in NIH's folder: so do all
    missing = [problem["file"] for problem in verify(own, "--cohort", cohort).of("missing-image")]
    assert missing == [name for name, path in found.items() if not path.is_file()] == list(NAMES[:4])


@pytest.mark.parametrize("name", ["../secret.png", "/etc/3.png", "../../secret.png"])
def test_beside_images_of_nihs_no_name_leads_out_either(nih_folder, verify, tmp_path, name):
    cohort = _cohort(tmp_path, image=[*nih_folder.images[:4], name])
    with pytest.raises(DataError, match="names an image outside this folder"):
        locate_images(nih_folder.path, [*nih_folder.images[:4], name])
    (problem,) = verify(nih_folder.path, "--cohort", cohort).of("link-outside")
    assert (problem["severity"], problem["file"]) == ("error", name)


def test_no_such_cohort(own, cxrtune, tmp_path):
    assert (
        "there is no such cohort" in cxrtune("verify", own, "--cohort", tmp_path / "none.parquet").refused()
    )
