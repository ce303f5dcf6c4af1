"""The assignment of images to shards: row group k of `plan.parquet` becomes `part-k.parquet`.

The plan is written once, and a shard on disk is done. A run that is started again, on this machine or on a
cluster, scores the missing shards only, and two processes that score the same shard write the same file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cxrtune.errors import DataError, StaleInputError
from cxrtune.files import naming_output_errors, write_whole
from cxrtune.images.listing import Listing
from cxrtune.prediction_parts import PARTS
from cxrtune.provenance import Source, key_of, record_path

PLAN = "plan.parquet"
_METADATA_KEY = b"cxrtune.plan"
_ANEW = "Choose another folder with `out`, or say `anew` to throw away what is in this one."


@dataclass(frozen=True)
class Work:
    """Everything that the shards depend on.

    Attributes:
        inputs: The model, and the list of images.
        settings: How images are scored, including the number of images per shard.
    """

    inputs: Sequence[Source]
    settings: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The hash of all inputs and settings."""
        return key_of(self.inputs, self.settings)

    def described(self) -> dict[str, Any]:
        """Return the key, inputs and settings as JSON values."""
        return {
            "key": self.key,
            "inputs": [asdict(one) for one in self.inputs],
            "settings": dict(self.settings),
        }


class ShardPlan:
    """The shards of a scoring run."""

    def __init__(self, folder: Path) -> None:
        """Open the plan in a folder.

        Raises:
            DataError: There is no plan, or it is damaged.
        """
        self.folder = folder
        path = folder / PLAN
        try:
            with pq.ParquetFile(path) as file:
                self._metadata = file.metadata
                self._described: dict[str, Any] = json.loads(file.schema_arrow.metadata[_METADATA_KEY])
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise DataError("there is no plan here, or it is damaged", path=path, remedy=_ANEW) from error
        self.images: int = self._metadata.num_rows
        self.shards: int = self._metadata.num_row_groups

    @property
    def key(self) -> str:
        """The key of the planned work."""
        return str(self._described["key"])

    @property
    def inputs(self) -> list[Source]:
        """The model and the list of images."""
        return [Source(**one) for one in self._described["inputs"]]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the planned work."""
        return dict(self._described["settings"])

    def part(self, shard: int) -> Path:
        """Return the file of a shard."""
        return self.folder / f"part-{shard:05}.parquet"

    def parts(self) -> Iterator[Path]:
        """Return the files of all shards, in order."""
        return map(self.part, range(self.shards))

    def missing(self) -> list[int]:
        """Return the shards that are not on disk."""
        there = {path.name for path in self.folder.glob(PARTS)}
        return [shard for shard in range(self.shards) if self.part(shard).name not in there]

    def length(self, shard: int) -> int:
        """Return the number of images of a shard."""
        return int(self._metadata.row_group(shard).num_rows)

    def rows(self, shard: int) -> pa.Table:
        """Return the images of a shard, with the columns `image`, `path`, `bytes`, `changed`, `problem`."""
        # Open only while reading, so that the disk can be unmounted.
        with pq.ParquetFile(self.folder / PLAN, metadata=self._metadata) as file:
            return file.read_row_group(shard)


def open_or_write_plan(
    folder: Path, listing: Listing, work: Work, shard_size: int, *, anew: bool
) -> ShardPlan:
    """Return the plan of exactly this work in a folder; write it if there is none.

    Args:
        folder: The folder of the shards.
        listing: The images.
        work: Everything that the shards depend on.
        shard_size: Images per shard.
        anew: Whether to delete existing shards and start from the beginning.

    Raises:
        StaleInputError: The folder contains shards of other work.
        OutputError: The plan cannot be written.
    """
    path = folder / PLAN
    if path.is_file() and not anew:
        plan = ShardPlan(folder)
        if plan.key != work.key:
            raise StaleInputError(_differs(plan, work), path=folder, remedy=_ANEW)
        return plan
    if list(folder.glob(PARTS)) and not anew:
        raise StaleInputError("holds shards, but not the plan that they belong to", path=folder, remedy=_ANEW)
    with naming_output_errors(path):
        # The plan is removed first: shards without a plan are rejected if this is interrupted.
        for old in (record_path(folder), path, *folder.glob(PARTS)):
            old.unlink(missing_ok=True)
    _write(path, listing, work, shard_size)
    return ShardPlan(folder)


def _write(path: Path, listing: Listing, work: Work, shard_size: int) -> None:
    metadata = {_METADATA_KEY: json.dumps(work.described()).encode()}
    with write_whole(path) as partial:
        schema = listing.slice(0, 1).schema.with_metadata(metadata)
        with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            for start in range(0, len(listing.table), shard_size):
                rows = listing.slice(start, shard_size).replace_schema_metadata(metadata)
                writer.write_table(rows, row_group_size=shard_size)


def _differs(plan: ShardPlan, work: Work) -> str:
    """Return which inputs or settings differ."""
    before = {source.name: source.sha256 for source in plan.inputs}
    others = [source.name for source in work.inputs if before.get(source.name) != source.sha256]
    others += [name for name, value in work.settings.items() if plan.settings.get(name) != value]
    return f"holds shards of other work: not the same {', '.join(others) or 'version of cxrtune'}"
