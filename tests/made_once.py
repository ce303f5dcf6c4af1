"""What takes long to make: made once a session, and seen by all of its processes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

Make = Callable[[str, Callable[[Path], None]], Path]


def _content(folder: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Make:
    """Return a function that gives the folder of a name, filled by whoever asks for it first.

    Nobody may write into it: what a test changes is a copy.
    """
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent  # of this session's processes all
    place = place / "made-once"
    place.mkdir(exist_ok=True)
    seen: dict[Path, dict[str, tuple[int, int]]] = {}

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, finished = place / name, place / f"{name}.made"
        with FileLock(place / f"{name}.lock"):
            if not finished.exists():
                # Not there already, or the process that began it has failed: then this one fails by the same.
                folder.mkdir(exist_ok=True)
                fill(folder)
                finished.touch()
        seen[folder] = _content(folder)
        return folder

    yield make
    for folder, content in seen.items():
        assert _content(folder) == content, f"a test wrote into {folder}, which others read"
