"""What data sets consist of: the shipped catalogue, and what a user's own may get wrong."""

import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from cxrtune.download import catalogue
from cxrtune.download.catalogue import load_catalogue, shipped_catalogues
from cxrtune.errors import UsageError

TABLES = {"Data_Entry_2017_v2020.csv", "BBox_List_2017.csv", "train_val_list.txt", "test_list.txt"}


def test_nih_is_twelve_archives_and_four_tables_from_https_all_distinct_and_verified():
    nih = load_catalogue("nih")
    assert shipped_catalogues() == ("nih",)
    archives = [entry for entry in nih.files if entry.unpack is not None]
    assert [entry.name for entry in archives] == [f"images_{number:03d}.tar.gz" for number in range(1, 13)]
    assert {entry.name for entry in nih.files if entry.unpack is None} == TABLES
    links = [link for entry in nih.files for link in entry.links]
    assert len(set(links)) == len(links)
    assert {urlsplit(link).scheme for link in links} == {"https"}
    assert all(re.fullmatch(r"/shared/static/[a-z0-9]{32}\.gz", urlsplit(e.links[0]).path) for e in archives)
    assert all(entry.has_checksum and entry.bytes for entry in nih.files)
    sums = [version.md5 or version.sha256 for entry in nih.files for version in entry.known]
    assert len(set(sums)) == len(sums)
    # 42 GB as NIH counts them, in units of 2**30.
    assert round(sum(entry.bytes for entry in archives) / 2**30) == 42
    # What cohort/folder.py looks for.
    assert [(e.unpack.folder, e.unpack.inside) for e in archives] == [
        (f"images_{number:03d}", "images") for number in range(1, 13)
    ]
    assert "CVPR 2017" in nih.cite
    assert nih.terms.startswith("https://nihcc.app.box.com/")


def test_the_tables_that_are_known_are_the_tables_that_are_here(nih):
    """Real copies, with an independent reading of the catalogue."""
    raw = yaml.safe_load((Path(catalogue.__file__).parent / "data" / "nih.yaml").read_text())
    for entry in raw["files"]:
        if entry["name"] in TABLES:
            content = (nih / entry["name"]).read_bytes()
            here = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            assert here in entry["known"], entry["name"]


GOOD = """
dataset: small
title: A small set
terms: https://example.org
cite: its makers
files:
  - name: images_001.tar.gz
    links: [https://example.org/1]
    known: [{bytes: 5, md5: 0123456789abcdef0123456789abcdef}]
    unpack: {folder: images_001}
  - {name: table.csv, links: [https://example.org/2]}
"""


def test_a_users_own_catalogue_is_read(tmp_path):
    (tmp_path / "own.yaml").write_text(GOOD)
    own = load_catalogue("small", tmp_path / "own.yaml")
    assert [entry.name for entry in own.files] == ["images_001.tar.gz", "table.csv"]
    assert own.files[0].unpack.inside == "images"
    assert not own.files[1].has_checksum


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cite: its makers", "", "cite: field required"),
        ("cite:", "sight:", "cite: field required"),
        ("cite: its makers", "cite: its makers\ncite: others", "line 6: the key 'cite' stands twice"),
        ("bytes: 5", "bytes: five", "files.0.known.0.bytes"),
        ("bytes: 5", "bytes: 0", "files.0.known.0.bytes"),
        ("bytes: 5", "size: 5", "files.0.known.0.size"),
        ("md5: 01", "md5: XY", "files.0.known.0.md5"),
        ("https://example.org/2", "example.org/2", "'example.org/2' is no http or https address"),
        ("https://example.org/2", "file:///etc/passwd", "is no http or https address"),
        ("https://example.org/2", "'https://example.org:x/'", "is no http or https address"),
        ("[https://example.org/2]", "[]", "files.1.links"),
        ("[https://example.org/2]", "https://example.org/2", "files.1.links"),
        ("table.csv", "../table.csv", "files.1.name"),
        ("table.csv", "/etc/passwd", "files.1.name"),
        ("table.csv", ".hidden", "files.1.name"),
        ("table.csv", "images_001", "'images_001' is the name of two things"),
        ("table.csv", "Images_001.tar.gz", "'Images_001.tar.gz' is the name of two things"),
        ("table.csv", "download.json", "'download.json' is the name of two things"),
        ("table.csv", "images_001.tar.gz.part", "ends like a file that is being fetched"),
        ("folder: images_001", "folder: ..", "files.0.unpack.folder"),
        ("folder: images_001", "folder: a/b", "files.0.unpack.folder"),
        ("files:", "files: [", "cannot be read as YAML"),
        (GOOD, "", "is no catalogue"),
        (GOOD, "just words", "is no catalogue"),
    ],
)
def test_a_catalogue_that_is_wrong_is_told_where(tmp_path, old, new, said):
    assert old in GOOD
    path = tmp_path / "own.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(UsageError) as refused:
        load_catalogue("small", path)
    assert said in refused.value.message
    assert refused.value.path == path
    assert "docs/download.md" in refused.value.remedy


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_catalogue_that_cannot_be_read_is_told(tmp_path, content):
    path = tmp_path / "own.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="no readable text file"):
        load_catalogue("small", path)


def test_a_catalogue_of_another_data_set_is_refused(tmp_path):
    (tmp_path / "own.yaml").write_text(GOOD)
    with pytest.raises(UsageError, match="is a catalogue of 'small', not of 'nih'"):
        load_catalogue("nih", tmp_path / "own.yaml")
