"""Real radiographs: what is there is fine, and what is not there is told in one group."""


def test_a_part_of_nihs_images_beside_its_whole_table(nih, verify):
    verified = verify(nih, decode=True)
    assert verified.seen.code == 0, verified.seen
    assert not [problem for problem in verified.problems if problem["severity"] == "error"]
    present = sum(1 for _ in (nih / "images").iterdir())
    assert len(verified.of("missing-image")) == 112_120 - present
    # 11 are of 256 px; two files of one patient hold one image, as NIH published them.
    assert len(verified.of("image-size")) == 11
    assert [problem["file"] for problem in verified.of("duplicate-image")] == ["images/00002658_001.png"]
    out = verified.seen.out
    assert "NIH's release v2020, byte for byte" in out
    assert "NIH's official split lists (86,524 and 25,596 images)" in out
    assert len(out.splitlines()) < 20


def test_images_as_published_in_folders_of_archives(nih_1024, verify):
    verified = verify(nih_1024, decode=True)
    assert verified.seen.code == 0, verified.seen
    assert {problem["kind"] for problem in verified.problems} == {
        "missing-image",
        "half-unpacked",
        "image-mode",
    }
    assert len(verified.of("image-mode")) == 6
    assert "RGBA with equal channels, opaque" in verified.of("image-mode")[0]["what"]
    assert [problem["file"] for problem in verified.of("half-unpacked")] == [
        "images_001/images",
        "images_002/images",
    ]
