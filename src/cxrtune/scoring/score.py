"""Score images: list, plan, decode, run the network, make rows, write shards.

An output folder contains the shards. An output table is made by joining shards that are written to a hidden
folder next to it, so that an interrupted table resumes as a folder does.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxrtune.errors import DataError, StaleInputError, UsageError
from cxrtune.images.dicom import Allowance
from cxrtune.images.listing import Listing, list_images
from cxrtune.images.reading import reader
from cxrtune.images.workers import Workers
from cxrtune.prediction_parts import join_parts
from cxrtune.predictions import TABLE_SUFFIXES
from cxrtune.processors import processor_count
from cxrtune.progress import FileNotes, Reporter
from cxrtune.provenance import Source
from cxrtune.scoring.loading import EngineChoice, info_of, load_scorer
from cxrtune.scoring.plan import PLAN, ShardPlan, Work, open_or_write_plan
from cxrtune.scoring.prediction import ModelIdentity
from cxrtune.scoring.shards import ShardScorer
from cxrtune.stage import sole_writer, stage

SHARD_SIZE = 1024
_TABLE_SHARD_SIZE = 64
"""Images that a killed run of a table loses at most: seconds of work. Writing the shards adds 1 %."""
_TOLD = 10  # failed images that are named individually; all of them are rows of the shards


@dataclass(frozen=True)
class ScoreOptions:
    """How images are scored.

    Attributes:
        engine: The engine that runs the model.
        allow: Kinds of DICOM files to accept although they cannot be frontal chest radiographs.
        refuse: Whether to give no probabilities for images that the quality checks flag.
    """

    engine: EngineChoice = "auto"
    allow: tuple[Allowance, ...] = ()
    refuse: bool = False


@dataclass(frozen=True)
class ScoringJob:
    """The images to score, and the output.

    Attributes:
        model: A run folder, its model file, or an exported model.
        inputs: Files, folders and patterns.
        out: A table (.parquet, .csv or .jsonl), or a folder of shards.
        options: How images are scored.
        shard_size: Images per shard of a folder.
        anew: Score all images again, whatever an earlier run has left.
    """

    model: Path
    inputs: Sequence[Path]
    out: Path
    options: ScoreOptions
    shard_size: int = SHARD_SIZE
    anew: bool = False

    @property
    def is_table(self) -> bool:
        """Whether the output is one table."""
        return self.out.suffix in TABLE_SUFFIXES

    @property
    def folder(self) -> Path:
        """The folder of the plan and the shards."""
        return self.out.with_name(f".{self.out.name}.unfinished") if self.is_table else self.out


Scores = Callable[[ShardPlan, Sequence[int]], Iterator[int]]
"""Scores and writes the shards of a plan, and yields the number of each when it is on disk."""


def score_here(job: ScoringJob, reporter: Reporter, *, workers: int | None = None) -> Path:
    """Score images on this machine.

    Args:
        job: The images to score, and the output.
        reporter: Receives the progress and the images that were not scored.
        workers: Number of decoding processes (default: one per processor).

    Raises:
        CxrtuneError: See `score_listing`.
    """
    listing = list_inputs(job, reporter)
    notes = FileNotes("predict", reporter)
    spec = info_of(job.model).recipe.preprocess
    make = reader(spec, frozenset(job.options.allow), whole=False)
    processes = min(workers or processor_count(), len(listing.table))
    # The processes start while the model is loaded and converted.
    with Workers(make, processes, warn=notes.warn) as decoders:
        model = load_scorer(job.model, job.options.engine, aim="throughput", at_once=processor_count())

        def scores(plan: ShardPlan, shards: Sequence[int]) -> Iterator[int]:
            yield from ShardScorer(model, decoders, notes, refuse=job.options.refuse).score(plan, shards)
            notes.tell_rest()

        return score_listing(job, listing, model.identity, scores, reporter)


def list_inputs(job: ScoringJob, reporter: Reporter) -> Listing:
    """List the images of a job, and report the files that were skipped.

    Raises:
        DataError: A path does not exist, a pattern matches nothing, or there is no image at all.
    """
    listing = list_images(job.inputs)
    listing.passed.tell("predict", reporter)
    return listing


def score_listing(
    job: ScoringJob, listing: Listing, identity: ModelIdentity, scores: Scores, reporter: Reporter
) -> Path:
    """Score images shard by shard, keeping the shards of an earlier call with the same inputs and settings.

    Args:
        job: The images to score, and the output.
        listing: The images of the job.
        identity: The identity of the model.
        scores: Scores the missing shards.
        reporter: Receives the progress and the images that were not scored.

    Raises:
        StaleInputError: The folder contains shards made from other inputs or settings.
        OutputError: A shard or the table cannot be written.
        DataError: No image could be scored; the rows contain the reasons.
        CxrtuneError: Scoring was interrupted; the shards on disk are kept.
    """
    if job.is_table and job.out.is_dir():
        raise UsageError(
            "one table is wanted, and this is a folder",
            path=job.out,
            remedy="Choose another name with `out`.",
        )
    # Held longer than the record: the hidden folder of a table is removed before another run may use it.
    with sole_writer(job.out):
        _score(job, _work(job, listing, identity), listing, scores, reporter)
        if job.is_table:
            shutil.rmtree(job.folder, ignore_errors=True)
    return job.out


def _score(job: ScoringJob, work: Work, listing: Listing, scores: Scores, reporter: Reporter) -> None:
    made = [job.out.name] if job.is_table else [PLAN]
    with stage(
        "predict", job.out, work.inputs, work.settings, made, reporter, anew=job.anew, prepares=True
    ) as draft:
        if draft.current:
            return
        plan = _plan(job, listing, work, reporter)
        parts = list(plan.parts())
        draft.start_writing()
        if not job.is_table:
            reporter.say(f"predict: {plan.images:,} images in {plan.shards:,} shards")
            draft.made += [part.name for part in parts]
        counts = _score_missing(job, plan, scores, reporter)
        if job.is_table:
            join_parts(parts, job.out)
        draft.counts = {"images": plan.images, "scored": counts.scored, "flagged": counts.flagged}
        flags = f", {counts.flagged:,} flagged by the quality checks" if counts.flagged else ""
        shards = "" if job.is_table else f" in {plan.shards:,} shards"
        reporter.say(
            f"predict: {counts.scored:,} of {plan.images:,} images scored by {work.settings['engine']}"
            f"{shards}{flags}"
        )
        if not counts.scored:  # no record is written: the same command tries again
            what = "table says" if job.is_table else "shards say"
            if job.is_table:
                shutil.rmtree(job.folder, ignore_errors=True)
            raise DataError(
                "not one image could be scored", path=job.out, remedy=f"The {what} why: see 'reason'."
            )


def _work(job: ScoringJob, listing: Listing, identity: ModelIdentity) -> Work:
    inputs = [
        Source("model", str(job.model), identity.sha256, 0),
        Source("images", str(job.inputs[0]), listing.digest(), listing.total_bytes),
    ]
    settings: dict[str, Any] = asdict(job.options) | {"engine": identity.engine}
    settings["allow"] = list(job.options.allow)
    return Work(inputs, settings if job.is_table else settings | {"shard_size": job.shard_size})


def _plan(job: ScoringJob, listing: Listing, work: Work, reporter: Reporter) -> ShardPlan:
    if not job.is_table:
        return open_or_write_plan(job.folder, listing, work, job.shard_size, anew=job.anew)
    try:
        return open_or_write_plan(job.folder, listing, work, _TABLE_SHARD_SIZE, anew=job.anew)
    except (StaleInputError, DataError) as error:
        reporter.warn(f"predict: the rows of an interrupted run are thrown away: its folder {error.message}")
        return open_or_write_plan(job.folder, listing, work, _TABLE_SHARD_SIZE, anew=True)


def _score_missing(job: ScoringJob, plan: ShardPlan, scores: Scores, reporter: Reporter) -> _Counts:
    missing, counts = plan.missing(), _Counts(reporter)
    with reporter.task("Predicting", plan.images) as task:
        left = set(missing)
        for shard in (shard for shard in range(plan.shards) if shard not in left):
            counts.add(plan.part(shard), told=False)
            task.advance(plan.length(shard))
        if counts.images:
            reporter.say(
                f"predict: {counts.images:,} of {plan.images:,} images were scored before and are kept"
            )
        for shard in scores(plan, missing) if missing else ():
            counts.add(plan.part(shard), told=True)
            task.advance(plan.length(shard))
    counts.tell_rest(job.out)
    return counts


class _Counts:
    """Counts of the rows of the shards on disk."""

    def __init__(self, reporter: Reporter) -> None:
        self.images = self.scored = self.flagged = 0
        self._new_failures = 0
        self._reporter = reporter

    def add(self, part: Path, *, told: bool) -> None:
        try:
            table = pq.read_table(part, columns=["image", "quality", "reason"])
        except (OSError, pa.ArrowException) as error:
            raise DataError("is damaged", path=part, remedy="Delete it and run the same command.") from error
        failed = table.filter(pc.is_valid(table["reason"]))
        self.images += len(table)
        self.scored += len(table) - len(failed)
        self.flagged += pc.sum(pc.greater(pc.utf8_length(table["quality"]), 0)).as_py() or 0
        if told:
            for row in failed.slice(0, max(0, _TOLD - self._new_failures)).to_pylist():
                self._reporter.warn(f"predict: {row['image']} is not scored: {row['reason']}")
            self._new_failures += len(failed)

    def tell_rest(self, out: Path) -> None:
        if self._new_failures > _TOLD:
            more = self._new_failures - _TOLD
            self._reporter.warn(f"predict: {more:,} more images are not scored; see 'reason' in {out}")
