"""An archive scored on this machine: decoding processes feed one engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cxrtune.file_notes import FileNotes
from cxrtune.images.decoders import Decoders
from cxrtune.images.reading import reader
from cxrtune.processors import processor_count
from cxrtune.progress import Reporter
from cxrtune.scoring.archive import Archive, score_archive
from cxrtune.scoring.loading import load_scorer
from cxrtune.scoring.plan import ShardPlan
from cxrtune.scoring.shards import ShardScorer


def score_locally(archive: Archive, reporter: Reporter, *, workers: int | None = None) -> Path:
    """Score an archive on this machine.

    Args:
        archive: What is to be scored.
        reporter: Told of the progress and of what was not scored.
        workers: Decoding processes; otherwise one a processor.

    Raises:
        CxrtuneError: See `score_archive`.
    """
    archive = archive.settled()
    options = archive.options
    model = load_scorer(archive.model, options.engine, aim="throughput", at_once=processor_count())

    def scores(plan: ShardPlan, shards: Sequence[int]) -> Iterator[int]:
        make = reader(model.info.recipe.preprocess, frozenset(options.allow), whole=False)
        notes = FileNotes("predict", reporter)
        with Decoders(make, workers or processor_count(), warn=notes.warn) as decoders:
            yield from ShardScorer(model, decoders, notes, refuse=options.refuse).score(plan, shards)
        notes.tell_rest()

    return score_archive(archive, model.identity, scores, reporter)
