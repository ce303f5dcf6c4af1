"""A model + an archive -> a folder of shards with predictions and reasons; what is there already is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

from cxrtune.errors import DataError
from cxrtune.images.listing import Listing, list_images
from cxrtune.progress import Reporter
from cxrtune.provenance import Source
from cxrtune.scoring.loading import EngineChoice
from cxrtune.scoring.plan import PLAN, ShardPlan, Work, open_or_write_plan
from cxrtune.scoring.prediction import ModelIdentity
from cxrtune.scoring.score import ScoreOptions
from cxrtune.stage import stage

SHARD_SIZE = 1024
_TOLD = 10  # images that are named one by one; all of them are rows of the shards


@dataclass(frozen=True)
class Archive:
    """What is to be scored, and where to.

    Attributes:
        model: A run folder, its model file, or an exported model.
        inputs: Files, folders and patterns.
        out: The folder of the shards.
        options: How images are scored.
        shard_size: Images a shard.
        anew: Throw away what the folder holds.
    """

    model: Path
    inputs: Sequence[Path]
    out: Path
    options: ScoreOptions
    shard_size: int = SHARD_SIZE
    anew: bool = False

    def settled(self) -> Archive:
        """Return the same with an engine that every machine takes; trials come out differently elsewhere."""
        engine = settled_engine(self.model, self.options.engine)
        return replace(self, options=replace(self.options, engine=engine))


Scores = Callable[[ShardPlan, Sequence[int]], Iterator[int]]
"""Scores the shards of a plan, writes them, and yields the number of each one that is on disk."""


def settled_engine(model: Path, engine: EngineChoice) -> EngineChoice:
    """Return what `auto` means for an archive: an export's own engine, torch on a GPU, OpenVINO on a CPU."""
    if engine != "auto" or model.suffix in (".onnx", ".xml"):
        return engine
    return "torch" if torch.cuda.is_available() else "openvino"


def score_archive(archive: Archive, identity: ModelIdentity, scores: Scores, reporter: Reporter) -> Path:
    """Score an archive shard by shard.

    Args:
        archive: What is to be scored, its engine settled.
        identity: Of the model.
        scores: Does the work.
        reporter: Told of the progress and of what was not scored.

    Raises:
        StaleInputError: The folder holds shards of other work.
        OutputError: A shard cannot be written.
        DataError: There is no image, or not one could be scored; the shards say why.
        CxrtuneError: The work ended before its end; what is on disk is kept.
    """
    out, listing = archive.out, list_images(archive.inputs)
    listing.passed.tell("predict", reporter)
    work = _work(archive, listing, identity)
    with stage(
        "predict", out, work.inputs, work.settings, [PLAN], reporter, anew=archive.anew, prepares=True
    ) as draft:
        if draft.current:
            return out
        plan = open_or_write_plan(out, listing, work, archive.shard_size, anew=archive.anew)
        reporter.say(f"predict: {plan.images:,} images in {plan.shards:,} shards")
        draft.start_writing()
        draft.made += [part.name for part in plan.parts()]
        missing = plan.missing()
        counts = _Counts(reporter)
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
        counts.tell_rest(out)
        draft.counts = {"images": plan.images, "scored": counts.scored, "flagged": counts.flagged}
    flags = f", {counts.flagged:,} flagged by the quality checks" if counts.flagged else ""
    reporter.say(
        f"predict: {counts.scored:,} of {plan.images:,} images scored by {identity.engine}"
        f" in {plan.shards:,} shards{flags}"
    )
    if not counts.scored:
        raise DataError("not one image could be scored", path=out, remedy="The shards say why: see 'reason'.")
    return out


def _work(archive: Archive, listing: Listing, identity: ModelIdentity) -> Work:
    """Return all that the shards depend on."""
    inputs = [
        Source("model", str(archive.model), identity.sha256, 0),
        Source("images", str(archive.inputs[0]), listing.digest(), listing.total_bytes),
    ]
    settings = asdict(archive.options) | {"engine": identity.engine, "shard_size": archive.shard_size}
    settings["allow"] = list(archive.options.allow)
    return Work(inputs, settings)


class _Counts:
    """What the shards on disk say."""

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
