"""Stage 1 with the user's own data: make cohort.parquet from label tables, images and a map."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxrtune.cohort.own.build import OwnCohort, build_own_cohort
from cxrtune.cohort.own.cohort_map import CohortMap, Uncertain, load_map
from cxrtune.cohort.own.image_tree import ImageTree, search_tree
from cxrtune.cohort.table import CohortTable
from cxrtune.errors import UsageError
from cxrtune.experiment.cohort import require_parquet, tell_parts
from cxrtune.experiment.origins import notice_of
from cxrtune.progress import Reporter
from cxrtune.provenance import Source
from cxrtune.shown import listed, tell_not_utf8
from cxrtune.stage import stage
from cxrtune.text_file import Tell, untold


@dataclass(frozen=True)
class OwnData:
    """The user's own radiographs.

    Attributes:
        tables: The label tables.
        images: The folder that contains the images, at any depth; None if only the tables are read.
        map: The name of an included map, or the path of a map.
        uncertain: How uncertain labels are interpreted; None uses the setting of the map.
    """

    tables: tuple[Path, ...]
    images: Path | None
    map: str
    uncertain: Uncertain | None = None

    def folder(self) -> Path:
        """Return the folder of images.

        Raises:
            UsageError: No folder was given.
        """
        if self.images is None:
            raise UsageError(
                "no folder of images was named",
                remedy="Name it with `images=DIR`, or take every row of the tables with `metadata_only`.",
            )
        return self.images

    def load_map(self, tell: Tell = untold) -> CohortMap:
        """Load the map.

        Args:
            tell: Receives notes on guesses about the text encoding of the map.

        Raises:
            UsageError: The map is missing or invalid.
        """
        loaded = load_map(self.map, tell)
        return loaded if self.uncertain is None else loaded.model_copy(update={"uncertain": self.uncertain})


def make_own_cohort(
    data: OwnData, out: Path, *, seed: int, metadata_only: bool = False, reporter: Reporter
) -> Path:
    """Make the cohort table of the user's own radiographs.

    Args:
        data: The radiographs.
        out: The Parquet file.
        seed: Seed for choosing the patients of the parts that the tables do not define.
        metadata_only: Whether to include every image of the tables, on disk or not.
        reporter: Receives the counts.

    Returns:
        `out`.

    Raises:
        UsageError: The map is invalid, or `out` is not the name of a Parquet file.
        CxrtuneError: The tables or images are invalid, or the table cannot be written.
    """
    require_parquet(out)
    told: list[str] = []
    wanted = data.load_map(told.append)
    tree = None if metadata_only else search_tree(data.folder())
    inputs = [Source.of_file("label table", path) for path in data.tables]
    if tree is not None:
        files = {name: tree.folder / name for name in tree.paths}
        inputs.append(Source.of_listing("images", tree.folder, files))
    inputs += notice_of(*(table.parent for table in data.tables), *([] if tree is None else [tree.folder]))
    settings = {"map": wanted.model_dump(mode="json"), "seed": seed, "metadata_only": metadata_only}
    with stage("cohort", out, inputs, settings, [out.name], reporter) as draft:
        if draft.current:
            return out
        own = build_own_cohort(data.tables, wanted, tree, told.append, seed=seed)
        own.cohort.write(out)
        draft.counts = dict(own.flow.counts())
        facts, cautions = _facts(own, wanted), [*told, *_cautions(own, wanted, tree)]
        draft.notes += [*facts, *cautions]
        reporter.say(f"cohort: {own.flow.sentence()}")
        tell_parts(own.cohort, draft, reporter)
        for fact in facts:
            reporter.say(f"cohort: {fact}")
        for caution in cautions:
            reporter.warn(f"cohort: {caution}")
    return out


def _facts(own: OwnCohort, wanted: CohortMap) -> list[str]:
    facts = []
    if own.made:
        parts = " and no ".join(own.made)
        facts.append(f"the tables give no {parts} part: made here, of whole patients")
    if own.rows:
        how = "are put together" if wanted.boxes else "are joined by the majority of the readers"
        facts.append(f"{own.rows:,} rows of {own.flow.in_table:,} images {how}")
    if own.uncertain:
        taken = {"positive": "present", "negative": "absent", "unknown": "not known"}[wanted.uncertain]
        facts.append(f"{own.uncertain:,} uncertain labels are taken for {taken}")
    return facts


def _judged_only(cohort: CohortTable) -> str:
    """Return a caution about the use of a cohort without training images."""
    said = "the cohort has no training part: models are judged on it, and none can be trained on it"
    if len(cohort.rows("validation")):
        return said
    return (
        f"{said}. It has no validation part either, so that no thresholds and no calibration can be chosen on"
        " it: a model brings its own, or they are given with"
        " `cxrtune.experiment.evaluate thresholds=NAME=FILE`"
    )


def _cautions(own: OwnCohort, wanted: CohortMap, tree: ImageTree | None) -> list[str]:
    cautions = [wanted.note] if wanted.note else []
    if not len(own.cohort.rows("train")):
        cautions.append(_judged_only(own.cohort))
    if wanted.patient.none:
        cautions.append(
            "without patients each image is taken for one: the split may part images of one person"
        )
    if own.flow.not_on_disk:
        cautions.append(f"{own.flow.not_on_disk:,} images of the table are not on disk and were left out")
    if own.flow.not_in_table:
        cautions.append(f"{own.flow.not_in_table:,} images on disk are not in the cohort and were not used")
    if tree is not None:
        tell_not_utf8(tree.not_utf8, cautions.append)
    if tree is not None and tree.links_outside:
        cautions.append(f"{tree.links_outside:,} images are links to files outside {tree.folder}")
    if tree is not None and tree.linked_folders:
        cautions.append(f"{tree.linked_folders:,} folders are links and were not searched")
    known = own.cohort.frame[list(own.cohort.findings)].notna().any()
    unknown = [finding for finding in own.cohort.findings if not known[finding]]
    if unknown:
        cautions.append(f"nothing is known of {listed(unknown)} in any image")
    return cautions
