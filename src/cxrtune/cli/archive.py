"""`cxrtune predict` with a folder for its output: which options go together, and which way the work takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cxrtune.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxrtune.progress import Reporter
    from cxrtune.scoring.score import ScoreOptions

_PLACES = ("local", "ray")
_TABLES = frozenset({".parquet", ".csv", ".jsonl"})


@dataclass(frozen=True)
class ArchiveOptions:
    """The options that only archives have, as the user gave them."""

    on: str | None
    workers: int | None
    shard_size: int
    anew: bool
    address: str | None
    cpus_per_worker: int

    def refuse(self, reason: str) -> None:
        """Refuse the options where no archive is scored.

        Raises:
            UsageError: One was given.
        """
        if self.on is not None or self.workers is not None or self.anew or self.address is not None:
            raise UsageError(
                f"{reason}, and --on, --workers, --anew and --address are for a folder of shards",
                remedy="Leave them out, or give --out a name without a suffix.",
            )


def is_folder(out: Path, on: str | None) -> bool:
    """Return whether the output is a folder of shards, by its name or because the work is an archive's."""
    return out.suffix not in _TABLES and (on is not None or not out.suffix or out.is_dir())


def score(
    model: Path,
    inputs: Sequence[Path],
    out: Path,
    options: ScoreOptions,
    settings: ArchiveOptions,
    reporter: Reporter,
) -> None:
    """Score an archive where the user wants it.

    Raises:
        UsageError: There is no such place, or options do not go together.
    """
    from cxrtune.scoring.archive import Archive

    if settings.on not in (None, *_PLACES):
        raise UsageError(
            f"--on does not know '{settings.on}'", remedy=f"Choose one of: {', '.join(_PLACES)}."
        )
    archive = Archive(model, inputs, out, options, settings.shard_size, settings.anew)
    if settings.on == "ray":
        from cxrtune.scoring.on_ray import Cluster, score_on_ray

        cluster = Cluster(settings.address, settings.workers, settings.cpus_per_worker)
        score_on_ray(archive, cluster, reporter)
        return
    if settings.address is not None or settings.cpus_per_worker != 1:
        raise UsageError(
            "--address and --cpus-per-worker are for --on ray",
            remedy="Say --on ray, or leave them out.",
        )
    from cxrtune.scoring.local import score_locally

    score_locally(archive, reporter, workers=settings.workers)
