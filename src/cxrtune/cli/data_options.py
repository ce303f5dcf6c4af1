"""Which radiographs a command is about: an NIH folder, or tables, images and a map of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxrtune.cli.options import one_of
from cxrtune.errors import UsageError

if TYPE_CHECKING:
    from cxrtune.cohort.own.cohort_map import Uncertain
    from cxrtune.experiment.cohort import GivenCohort
    from cxrtune.experiment.own_cohort import OwnData

Data = Annotated[
    Path,
    typer.Option(
        "--data", help="Folder with the images, the label table and the split lists.", show_default=False
    ),
]
OptionalData = Annotated[
    Path | None,
    typer.Option(
        "--data", help="NIH folder: the images, the label table and the split lists.", show_default=False
    ),
]
GivenTable = Annotated[
    Path | None,
    typer.Option("--cohort", help="A cohort made before; --data is its images.", show_default=False),
]
Tables = Annotated[
    list[Path] | None,
    typer.Option(
        "--csv", help="A label table of your own, in place of --data. May be repeated.", show_default=False
    ),
]
Images = Annotated[
    Path | None, typer.Option("--images", help="Folder with the table's images.", show_default=False)
]
MapName = Annotated[
    str | None,
    typer.Option(
        "--map",
        help="What the table's columns mean: a YAML file, or chexpert, mimic-cxr, padchest, vindr-cxr.",
        show_default=False,
    ),
]
UncertainLabels = Annotated[
    str | None,
    typer.Option(
        "--uncertain",
        help="Take uncertain labels for positive, negative or unknown; otherwise as the map says.",
        show_default=False,
    ),
]


def data_of(
    data: Path | None,
    tables: list[Path] | None,
    images: Path | None,
    map_name: str | None,
    uncertain: str | None,
    *,
    metadata_only: bool = False,
) -> Path | OwnData:
    """Return what a user named: an NIH folder, or radiographs of their own.

    With `metadata_only` the latter need no folder of images.

    Raises:
        UsageError: Neither or both, or only a part of the second.
    """
    from cxrtune.experiment.own_cohort import OwnData

    own = (tables, images, map_name)
    if data is not None:
        if any(own) or uncertain is not None:
            raise UsageError(
                "--data is an NIH folder; --csv, --images, --map and --uncertain are for data of your own",
                remedy="Give the one or the others.",
            )
        return data
    if not any(own):
        raise UsageError(
            "no data was named",
            remedy="Give --data DIR (an NIH folder), or --csv FILE --images DIR --map MAP (your own).",
        )
    given = zip(("--csv", "--images", "--map"), own, strict=True)
    missing = [name for name, one in given if not one and not (metadata_only and name == "--images")]
    if tables is None or map_name is None or missing:
        raise UsageError(
            f"data of your own needs {' and '.join(missing)} too",
            remedy="Write it like: --csv labels.csv --images DIR --map map.yaml",
        )
    return OwnData(tuple(tables), images, map_name, None if uncertain is None else _uncertain(uncertain))


def refuse_protocol(protocol: str | None) -> None:
    """Refuse a protocol where a map names the findings.

    Raises:
        UsageError: There is one.
    """
    if protocol is not None:
        raise UsageError("--protocol is of NIH folders", remedy="Name the findings in the map.")


def cohort_and_images(
    cohort: Path,
    data: Path | None,
    tables: list[Path] | None,
    images: Path | None,
    map_name: str | None,
    uncertain: str | None,
) -> GivenCohort:
    """Return a cohort that was made before, with the folder of its images.

    Raises:
        UsageError: The folder was not named, or more than these two were.
    """
    from cxrtune.experiment.cohort import GivenCohort

    if data is None or tables or any(given is not None for given in (images, map_name, uncertain)):
        raise UsageError(
            "a cohort goes with --data, the folder of its images, and with nothing else",
            remedy="Write it like: --cohort cohort.parquet --data DIR",
        )
    return GivenCohort(cohort, data)


def _uncertain(name: str) -> Uncertain:
    from cxrtune.cohort.own.cohort_map import UNCERTAIN

    return one_of(UNCERTAIN, name, f"--uncertain does not know '{name}'")
