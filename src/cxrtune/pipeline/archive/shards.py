"""One shard's images -> one Parquet file, whole or not at all; the same on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import pyarrow as pa

from cxrtune.errors import UnreadableImageError
from cxrtune.inference.in_turn import scored_in_turn
from cxrtune.inference.loading import LoadedModel
from cxrtune.inference.scoring import Scoring
from cxrtune.pipeline.archive.decoders import Decoded, Decoders, Image
from cxrtune.pipeline.archive.plan import Plan
from cxrtune.pipeline.rows import Row, failed_row, row_of, table_of
from cxrtune.predictions import PartPlace


class ShardScorer:
    """A model with its decoding processes."""

    def __init__(self, model: LoadedModel, decoders: Decoders, *, refuse: bool) -> None:
        self._model = model
        self._decoders = decoders
        self._scoring = Scoring(model.info, model.identity)
        self._refuse = refuse

    def score(self, plan: Plan, shards: Iterable[int]) -> Iterator[int]:
        """Score shards and write them; yield each one's number when it is on disk.

        The next shard's images are decoded while this one is in the network. The network is empty between
        shards, so that a shard's numbers do not depend on what was scored before it.

        Raises:
            OutputError: A shard cannot be written.
            CxrtuneError: The decoding processes die again and again.
        """
        left = list(shards)
        decoded = self._decoders.read(image for shard in left for image in _images(plan.rows(shard)))
        for shard in left:
            names = plan.rows(shard)["image"].to_pylist()
            rows = list(self._rows(islice(decoded, len(names))))
            table = table_of(self._model.info, self._model.identity, names, rows)
            table.write(plan.part(shard), PartPlace(shard, plan.shards, plan.key))
            yield shard

    def _rows(self, decoded: Iterable[Decoded]) -> Iterator[Row]:
        for found in scored_in_turn(self._model.engine, decoded, lambda reading: reading.packed):
            if isinstance(found, UnreadableImageError):
                yield failed_row(found.reason)
            else:
                reading, outputs = found
                quality = self._scoring.quality(reading.appearance, outputs)
                yield row_of(self._scoring.scores(outputs), quality, refuse=self._refuse)


def _images(rows: pa.Table) -> Iterator[Image]:
    return zip(rows["path"].to_pylist(), rows["problem"].to_pylist(), strict=True)
