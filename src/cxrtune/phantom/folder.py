"""Write synthetic radiographs to a folder in the layout of NIH ChestX-ray14."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

from cxrtune.errors import CxrtuneError, OutputError, UnreadableImageError, UsageError
from cxrtune.files import PARTIAL_SUFFIX, naming_output_errors
from cxrtune.images.decoding_process import DecodingLimits
from cxrtune.images.workers import Workers
from cxrtune.memory import keep_freed_memory
from cxrtune.phantom.population import Study, draw_population
from cxrtune.phantom.radiograph import FindingBox, draw_phantom
from cxrtune.phantom.spec import PHANTOM_FINDINGS
from cxrtune.phantom.tables import write_boxes, write_data_entry, write_lists, write_notice
from cxrtune.processors import processor_count

SMALLEST_SIZE = 64
LARGEST_SIZE = 2048
_LIMITS = DecodingLimits(seconds=600.0, memory_bytes=1 << 33)


@dataclass(frozen=True)
class PhantomFolder:
    """What was written.

    Attributes:
        path: The folder.
        images: Number of images.
        patients: Number of patients.
        train_val_images: Images in the train_val list.
        test_images: Images in the test list.
        healthy_images: Images without a finding.
        boxes: Rows in the list of boxes.
        positives: Finding -> number of images that show it.
    """

    path: Path
    images: int
    patients: int
    train_val_images: int
    test_images: int
    healthy_images: int
    boxes: int
    positives: dict[str, int]


def write_phantoms(
    out: Path,
    *,
    count: int = 900,
    seed: int = 0,
    size: int = 320,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> PhantomFolder:
    """Write synthetic radiographs with labels, split and boxes.

    The same seed gives the same bytes, whatever the number of workers. The folder appears under its
    name only when it is complete.

    Args:
        out: Where to write; must not exist, or be empty.
        count: Number of images.
        seed: Seed of everything that is drawn.
        size: Side of the images, pixels.
        workers: Processes; None for one per processor that this process may use, 1 for none besides this one.
        progress: Called with the number of images finished since the last call.

    Returns:
        The counts.

    Raises:
        OutputError: Something is already there, or the folder cannot be written.
        UsageError: The count or the size cannot be meant.
    """
    out = Path(out)
    _check(out, count, size)
    studies = draw_population(count, seed, size)
    with _staged(out) as folder:
        (folder / "images").mkdir()
        boxes = []
        for found in _draw_all(studies, folder / "images", workers):
            boxes.append(found)
            if progress is not None:
                progress(1)
        write_data_entry(folder, studies)
        write_boxes(folder, studies, boxes)
        write_lists(folder, studies)
        write_notice(folder, count=count, seed=seed, size=size)
    return _counted(out, studies, boxes)


def _check(out: Path, count: int, size: int) -> None:
    if count < 1:
        raise UsageError(f"count is {count}; at least 1 image is expected")
    if not SMALLEST_SIZE <= size <= LARGEST_SIZE:
        raise UsageError(f"size is {size}; {SMALLEST_SIZE} to {LARGEST_SIZE} pixels are expected")
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists():
        raise OutputError(
            "already exists and is not an empty folder", path=out, remedy="Choose a new folder."
        )


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """Yield a temporary folder next to `out`, which is renamed to `out` on success."""
    with naming_output_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{out.name}-", suffix=PARTIAL_SUFFIX, dir=out.parent))
        try:
            yield staging
            # A folder made by mkdtemp is not accessible to other users; this one should be readable.
            staging.chmod(0o755)
            if out.exists():
                out.rmdir()
            staging.rename(out)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _draw_all(
    studies: Sequence[Study], folder: Path, workers: int | None
) -> Iterator[tuple[FindingBox, ...]]:
    wanted = min(workers or processor_count(), len(studies))
    if wanted == 1:
        yield from map(partial(_draw_one, folder), studies)
        return
    with Workers(partial(_drawing_into, folder), wanted, limits=_LIMITS) as processes:
        for found in processes.read(studies):
            if isinstance(found, UnreadableImageError):
                raise CxrtuneError(f"a phantom cannot be drawn: its process {found.reason}")
            yield found


def _drawing_into(folder: Path) -> Callable[[Study], tuple[FindingBox, ...]]:
    keep_freed_memory()
    return partial(_draw_one, folder)


def _draw_one(folder: Path, study: Study) -> tuple[FindingBox, ...]:
    phantom = draw_phantom(study.spec)
    path = folder / study.name
    encoded, data = cv2.imencode(".png", phantom.pixels)
    if not encoded:
        raise OutputError("cannot be encoded as PNG", path=path)
    path.write_bytes(data.tobytes())
    return phantom.boxes


def _counted(out: Path, studies: Sequence[Study], boxes: Sequence[Sequence[FindingBox]]) -> PhantomFolder:
    positives = Counter(
        name for study in studies for name in {lesion.finding for lesion in study.spec.lesions}
    )
    in_test = sum(study.in_test for study in studies)
    return PhantomFolder(
        path=out,
        images=len(studies),
        patients=len({study.patient for study in studies}),
        train_val_images=len(studies) - in_test,
        test_images=in_test,
        healthy_images=sum(not study.spec.lesions for study in studies),
        boxes=sum(len(found) for found in boxes),
        positives={name: positives[name] for name in PHANTOM_FINDINGS},
    )
