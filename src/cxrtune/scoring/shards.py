"""Score the images of a shard and write them to a Parquet file, atomically and alike on every machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice, tee
from pathlib import Path

import pyarrow as pa

from cxrtune.engines.engine import Outputs
from cxrtune.errors import UnreadableImageError
from cxrtune.images.reading import Reading
from cxrtune.images.workers import Workers
from cxrtune.prediction_parts import PartPlace
from cxrtune.progress import FileNotes
from cxrtune.scoring.loading import LoadedModel
from cxrtune.scoring.outputs import Scoring, scored_in_turn
from cxrtune.scoring.plan import ShardPlan
from cxrtune.scoring.rows import Row, failed_row, row_of, table_of

_Image = tuple[bytes, str | None]
"""The path of a file, and the reason why it cannot be opened, or None."""


class ShardScorer:
    """Scores shards with a model and its decoding processes."""

    def __init__(
        self, model: LoadedModel, decoders: Workers[Path | bytes, Reading], notes: FileNotes, *, refuse: bool
    ) -> None:
        self._model = model
        self._decoders = decoders
        self._notes = notes
        self._scoring = Scoring(model.info, model.identity)
        self._refuse = refuse

    def score(self, plan: ShardPlan, shards: Iterable[int]) -> Iterator[int]:
        """Score shards and write them; yield the number of each when it is on disk.

        Later images are decoded and run while a shard is written. This is possible because the outputs of an
        engine for an image do not depend on the other images.

        Raises:
            OutputError: A shard cannot be written.
            CxrtuneError: The decoding processes die repeatedly.
        """
        left = list(shards)
        decoded = self._read(image for shard in left for image in _images(plan.rows(shard)))
        scored = scored_in_turn(self._model.engine, decoded, lambda reading: reading.packed)
        for shard in left:
            names = plan.rows(shard)["image"].to_pylist()
            rows = [self._row(*found) for found in zip(names, islice(scored, len(names)), strict=True)]
            table = table_of(self._model.info, self._model.identity, names, rows)
            table.write(plan.part(shard), PartPlace(shard, plan.shards, plan.key))
            yield shard

    def _read(self, images: Iterable[_Image]) -> Iterator[Reading | UnreadableImageError]:
        planned, paths = tee(images)
        found = self._decoders.read(Path(os.fsdecode(path)) for path, problem in paths if problem is None)
        for _, problem in planned:
            yield UnreadableImageError(problem) if problem is not None else next(found)

    def _row(self, name: str, found: tuple[Reading, Outputs] | UnreadableImageError) -> Row:
        if isinstance(found, UnreadableImageError):
            return failed_row(found.reason)
        reading, outputs = found
        self._notes.note(name, reading.notes)
        quality = self._scoring.quality(reading.appearance, outputs)
        return row_of(self._scoring.scores(outputs), quality, refuse=self._refuse)


def _images(rows: pa.Table) -> Iterator[_Image]:
    return zip(rows["path"].to_pylist(), rows["problem"].to_pylist(), strict=True)
