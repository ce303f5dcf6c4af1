"""Archives that are good, damaged or hostile, and what is in the place where they are unpacked."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from small_set import images, packed

from command_line import files_below
from cxrtune.download.place import DownloadError
from cxrtune.errors import DataError

NAME = "images_001.tar.gz"


def archive_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A .tar.gz of just these members, after one good image."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for member, content in (file("images/00000001_000.png"), *members):
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(stream.getvalue())


def file(name: str, content: bytes = b"evil") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def special(name: str, kind: bytes, to: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.devmajor, member.devminor = kind, to, 1, 3
    return member, b""


HOSTILE = {
    "above": file("../evil.png"),
    "above, from inside": file("images/../../evil.png"),
    "absolute": file("/tmp/cxrtune-evil.png"),
    "another folder": file("other/00000001_001.png"),
    "deeper": file("images/deep/00000001_001.png"),
    "no image": file("images/run.sh"),
    "hidden": file("images/.00000001_001.png"),
    "backslashes": file("images/..\\..\\evil.png"),
    "drive": file("images/C:evil.png"),
    "two lines": file("images/a\nb.png"),
    "symbolic link": special("images/00000001_001.png", tarfile.SYMTYPE, "/etc/passwd"),
    "hard link": special("images/00000001_001.png", tarfile.LNKTYPE, "images/00000001_000.png"),
    "device": special("images/00000001_001.png", tarfile.CHRTYPE),
    "pipe": special("images/00000001_001.png", tarfile.FIFOTYPE),
    "link in place of the folder": special("images", tarfile.SYMTYPE, "/tmp"),
    "folder above": special("..", tarfile.DIRTYPE),
    "twice": file("images/00000001_000.png"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_archive_with_something_else_inside_leaves_nothing_anywhere(data_set, host, tmp_path, kind):
    host.files[NAME] = archive_of(HOSTILE[kind])
    with pytest.raises(DownloadError, match=r"only images in|00000001_000\.png twice") as refused:
        data_set.fetch()
    assert refused.value.path == data_set.folder / NAME
    assert "\n" not in refused.value.message
    assert f"Move {NAME} away" in refused.value.remedy
    assert not Path("/tmp/cxrtune-evil.png").exists()
    assert files_below(tmp_path) == {
        "catalogue.yaml",
        *(f"data/{name}" for name in data_set.expected() if not name.startswith("images_001/")),
        f"data/{NAME}",  # kept for who wants to look
        "data/download.json",
    }


def test_an_image_that_claims_to_be_huge_is_refused(data_set, host):
    member = tarfile.TarInfo("images/00000001_001.png")
    member.size = 300_000_000
    head = member.tobuf()
    host.files[NAME] = gzip.compress(head + bytes(10_240))
    with pytest.raises(DownloadError, match="300,000,000 bytes, where only images"):
        data_set.fetch()


@pytest.mark.parametrize("inside", ["./images", "images/"])
def test_the_ways_to_write_the_folder_are_all_taken(data_set, host, inside):
    host.files[NAME] = packed(data_set.members["images_001"], inside.rstrip("/"))
    data_set.fetch()
    assert data_set.is_complete()


def test_an_archive_without_images_is_refused(data_set, host):
    host.files[NAME] = packed({})
    with pytest.raises(DownloadError, match="holds no images in images/"):
        data_set.fetch()


def cut_archive(content: bytes) -> bytes:
    return content[: len(content) // 2]


def cut_tar(content: bytes) -> bytes:
    """Cut inside an image, then packed as if it were whole."""
    return gzip.compress(gzip.decompress(content)[:150_000])


def spoilt(content: bytes) -> bytes:
    """One byte of an image is another: only the sum at the end of the archive tells."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


def without_end(content: bytes) -> bytes:
    return content[:-4]


def no_tar(content: bytes) -> bytes:
    return gzip.compress(b"just words" * 1000)


@pytest.mark.parametrize("damage", [cut_archive, cut_tar, spoilt, without_end, no_tar])
def test_a_damaged_archive_without_a_checksum_is_fetched_once_more_then_an_error(data_set, host, damage):
    data_set.known = "nothing"
    whole = host.files[NAME]
    host.files[NAME] = damage(whole)
    with pytest.raises(DownloadError, match="is cut short or damaged; nothing of it was unpacked") as refused:
        data_set.fetch()
    assert refused.value.remedy == "Move it away; the same command fetches it again."
    assert len(host.asked[NAME]) == 2
    assert not [name for name in data_set.found() if "images_001/" in name or name.startswith(".")]
    # And as the error says:
    (data_set.folder / NAME).unlink()
    host.files[NAME] = whole
    data_set.fetch()
    assert data_set.is_complete()
    assert any("is another file than the one that was fetched" in text for text in data_set.listener.warned)


def test_an_archive_that_was_brought_by_hand_is_verified_unpacked_and_kept(data_set, host):
    data_set.folder.mkdir()
    (data_set.folder / NAME).write_bytes(host.files[NAME])
    data_set.fetch()
    assert not host.asked[NAME]
    assert any(f"{NAME}: was here already" in text for text in data_set.listener.said)
    assert data_set.found() == data_set.expected() | {NAME: host.files[NAME]}


def test_an_archive_that_was_brought_by_hand_and_is_another_is_left_alone(data_set, host):
    data_set.folder.mkdir()
    (data_set.folder / NAME).write_bytes(b"mine")
    with pytest.raises(DataError, match="is there, but is not the published file: 4 bytes") as refused:
        data_set.fetch()
    assert refused.value.path == data_set.folder / NAME
    assert (data_set.folder / NAME).read_bytes() == b"mine"
    assert not host.asked[NAME]


def test_a_folder_that_was_half_unpacked_by_hand_is_made_whole(data_set):
    half = data_set.folder / "images_001" / "images"
    half.mkdir(parents=True)
    name, content = next(iter(data_set.members["images_001"].items()))
    (half / name).write_bytes(content[:1000])
    data_set.fetch()
    assert data_set.is_complete()


@pytest.mark.parametrize("place", ["images_001/mine.txt", "images_001/images/00000009_000.png"])
def test_a_folder_with_something_of_the_users_is_left_alone(data_set, place):
    mine = data_set.folder / place
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with pytest.raises(DataError, match=f"holds 1 files that are not in the archive, .*{mine.name} for one"):
        data_set.fetch()
    assert data_set.found()[place] == b"mine"
    mine.unlink()
    data_set.fetch()
    assert data_set.is_complete()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_in_the_folders_place_is_left_alone(data_set, tmp_path, kind):
    data_set.folder.mkdir()
    place = data_set.folder / "images_001"
    if kind == "file":
        place.write_bytes(b"mine")
    else:
        place.symlink_to(tmp_path)
    with pytest.raises(DataError, match="is no folder"):
        data_set.fetch()
    assert place.is_symlink() or place.read_bytes() == b"mine"


def test_what_an_unpacking_left_behind_is_removed(data_set):
    left = data_set.folder / ".images_001.unpacking" / "images"
    left.mkdir(parents=True)
    (left / "00000001_000.png").write_bytes(b"half")
    data_set.fetch()
    assert data_set.is_complete()


def test_many_images_of_one_archive(data_set, host):
    data_set.members["images_001"] = images(1, count=500, size=100)
    host.files[NAME] = packed(data_set.members["images_001"])
    assert data_set.fetch().images == 508
    assert data_set.is_complete()
