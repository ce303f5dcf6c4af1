"""Score images on a Ray cluster, with actors that run the engine on shards; needs the extra `ray`.

Only the numbers of shards are sent through Ray. Every machine reads the plan and the images, and writes the
shards, at the same paths: the folders must be shared.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxrtune import errors
from cxrtune.errors import CxrtuneError, StaleInputError, UsageError
from cxrtune.files import naming_output_errors
from cxrtune.images.reading import reader
from cxrtune.images.workers import Workers
from cxrtune.processors import processor_count
from cxrtune.progress import FileNotes, Reporter, SilentReporter
from cxrtune.scoring.loading import load_scorer
from cxrtune.scoring.plan import ShardPlan
from cxrtune.scoring.score import ScoreOptions, ScoringJob, list_inputs, score_listing
from cxrtune.scoring.shards import ShardScorer

_ATTEMPTS = 4  # to score a shard whose workers die repeatedly, for example for lack of memory
_START = "local"  # Ray's name for a cluster that is started now and ends with this process
_PATIENCE = 10.0  # seconds, for a cluster to answer
_OBJECT_STORE = 100_000_000  # bytes; the numbers of shards need very little


@dataclass(frozen=True)
class Cluster:
    """The cluster to use.

    Attributes:
        address: Address of a running cluster; None for RAY_ADDRESS or, if that is not set, a new cluster on
            this machine.
        workers: Number of actors; None for as many as the processors allow.
        cpus: Processors per actor.
    """

    address: str | None = None
    workers: int | None = None
    cpus: int = 1


def score_on_ray(job: ScoringJob, cluster: Cluster, reporter: Reporter) -> Path:
    """Score images on a Ray cluster.

    Args:
        job: The images to score, and the output folder.
        cluster: The cluster to use.
        reporter: Receives the progress and the images that were not scored.

    Raises:
        UsageError: Ray is not installed, or the cluster is too small.
        CxrtuneError: The cluster cannot be reached, or workers die repeatedly; see also `score_listing`.
    """
    _require_ray(_address(cluster))
    _require_reachable(_address(cluster))
    listing = list_inputs(job, reporter)
    # Loaded only for its identity, and to reject an unsuitable model before a cluster is started.
    identity = load_scorer(job.model, job.options.engine, aim="throughput", at_once=1).identity

    def scores(plan: ShardPlan, shards: Sequence[int]) -> Iterator[int]:
        for shard in shards:
            _attempts(plan.part(shard)).unlink(missing_ok=True)
        with _connected(cluster) as processors:
            actors = _actors(cluster, processors, len(shards))
            reporter.say(f"predict: {actors} Ray workers with {cluster.cpus} processors each")
            yield from _streamed(job, cluster.cpus, actors, shards)

    return score_listing(job, listing, identity, scores, reporter)


class ShardWorker:
    """An actor, which loads the model with its first shard and writes every shard that it receives."""

    def __init__(self, folder: Path, model: Path, options: ScoreOptions, cpus: int) -> None:
        self._folder, self._path, self._options, self._cpus = folder, model, options, cpus
        self._ready: tuple[ShardPlan, ShardScorer] | None = None

    def __call__(self, batch: Mapping[str, NDArray[np.int64]]) -> dict[str, Any]:
        """Score shards; return their numbers, and, as text, the error that prevented writing one."""
        shards, error = [int(shard) for shard in batch["shard"]], ""
        try:
            plan, scorer = self._started()
            # A shard is done if the worker of an earlier attempt died after writing, before reporting it.
            left = [shard for shard in shards if not plan.part(shard).is_file()]
            for shard in left:
                _note_attempt(plan.part(shard))
            for shard in scorer.score(plan, left):
                _attempts(plan.part(shard)).unlink(missing_ok=True)
        except Exception as caught:  # returned as text, because Ray's own logs would print it with paths
            error = as_text(caught)
        return {"shard": batch["shard"], "error": np.array([error] * len(shards), dtype=object)}

    def _started(self) -> tuple[ShardPlan, ShardScorer]:
        if self._ready is None:
            from cxrtune.memory import keep_freed_memory

            keep_freed_memory()
            plan, options = ShardPlan(self._folder), self._options
            model = load_scorer(self._path, options.engine, aim="throughput", at_once=self._cpus)
            if plan.inputs[0].sha256 != model.identity.sha256:
                raise StaleInputError(
                    "the model on a worker is not the one that was planned for",
                    path=self._path,
                    remedy="Put the same file at this path on every machine.",
                )
            if plan.settings.get("engine") not in (None, model.identity.engine):
                raise StaleInputError(
                    f"a worker would run {model.identity.engine}, and the others {plan.settings['engine']}",
                    path=self._path,
                    remedy="Name one engine for all machines with `engine`.",
                )
            make = reader(model.info.recipe.preprocess, frozenset(options.allow), whole=False)
            # An actor has no console: notes on files are reported only when images are scored locally.
            notes = FileNotes("predict", SilentReporter())
            decoders = Workers(make, max(1, self._cpus // 2))
            self._ready = plan, ShardScorer(model, decoders, notes, refuse=options.refuse)
        return self._ready


def _streamed(job: ScoringJob, cpus: int, actors: int, shards: Sequence[int]) -> Iterator[int]:
    import ray.data
    from ray.exceptions import RayError

    work = (job.folder.absolute(), job.model.absolute(), job.options, cpus)
    done = ray.data.from_items(
        [{"shard": shard} for shard in shards], override_num_blocks=len(shards)
    ).map_batches(
        ShardWorker,
        fn_constructor_args=work,
        batch_size=1,
        num_cpus=cpus,
        concurrency=actors,
    )
    try:
        for row in done.iter_rows():
            if row["error"]:
                raise from_text(row["error"])
            yield int(row["shard"])
    except RayError as error:
        raise CxrtuneError(
            f"Ray gave up: {_first_line(error)}",
            path=job.out,
            remedy="What was scored is kept: run the same command to go on.",
        ) from error


def _attempts(part: Path) -> Path:
    return part.with_suffix(".attempts")


def _note_attempt(part: Path) -> None:
    """Count the attempts at a shard, because Ray repeats it without limit, whatever its workers die of."""
    with naming_output_errors(part), _attempts(part).open("ab") as stream:
        stream.write(b".")
        if stream.tell() > _ATTEMPTS:
            raise CxrtuneError(
                f"{_ATTEMPTS} workers died while they scored this shard, perhaps for want of memory",
                path=part,
                remedy="Try again with fewer workers on a machine: `cpus_per_worker=4`. The rest is kept.",
            )


@contextmanager
def _connected(cluster: Cluster) -> Iterator[int]:
    """Connect to a cluster, or start one, without output; yield the number of its processors."""
    address = _address(cluster)
    ray = _require_ray(address)
    more: dict[str, Any] = {}
    if address == _START:
        more = {
            "num_cpus": processor_count(),
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE,
        }
    try:
        with _silent_stderr():
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **more)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unreachable(address, _first_line(error)) from error
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        yield int(ray.cluster_resources().get("CPU", 0))
    finally:
        ray.shutdown()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Hide the messages of Ray's core about its own settings; failures are raised as exceptions."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _actors(cluster: Cluster, processors: int, shards: int) -> int:
    """Return the number of actors to start."""
    fitting = processors // cluster.cpus
    if fitting < (cluster.workers or 1):
        raise UsageError(
            f"the cluster has {processors} processors, too few for {cluster.workers or 1} workers with"
            f" {cluster.cpus} each",
            remedy="Ask for less with `workers` or `cpus_per_worker`, or add machines to the cluster.",
        )
    return min(cluster.workers or fitting, shards)


def _address(cluster: Cluster) -> str:
    return cluster.address or os.environ.get("RAY_ADDRESS") or _START


def _require_ray(address: str) -> Any:
    # Ray reads all of these when it is imported. Usage statistics are disabled, because software that runs in
    # a hospital must not connect to the internet. A cluster of our own listens on loopback, which Ray does on
    # Linux only if clusters are disabled by this variable. Messages of Ray's core about Ray Data are hidden.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    if address == _START:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError(
            "this needs Ray, which is not installed", remedy="Install it with: pip install 'cxrtune[ray]'"
        ) from error
    return ray


def _require_reachable(address: str) -> None:
    """Check that the address accepts connections: Ray itself would try for two minutes."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()) or "/" in host:
        return
    try:
        socket.create_connection((host, int(port)), _PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, _first_line(error)) from error


def _unreachable(address: str, reason: str) -> CxrtuneError:
    return CxrtuneError(
        f"there is no Ray cluster to be reached at {address}: {reason}",
        remedy="Start one with `ray start --head`, or leave `address` out.",
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def as_text(error: Exception) -> str:
    """Return an error as JSON, because nothing from a cluster is unpickled; of others, the first line."""
    if not isinstance(error, CxrtuneError):
        message = f"{type(error).__name__}: {(str(error).strip().splitlines() or ['no more is known'])[0]}"
        error = CxrtuneError(f"a worker failed with {message}")
    path = None if error.path is None else str(error.path)
    return json.dumps([type(error).__name__, error.message, path, error.remedy])


def from_text(text: str) -> CxrtuneError:
    """Return the error that `as_text` wrote."""
    name, message, path, remedy = json.loads(text)
    kind = getattr(errors, name, CxrtuneError)
    if not issubclass(kind, CxrtuneError) or issubclass(
        kind, errors.UnreadableImageError | errors.RecipeError
    ):
        kind = CxrtuneError
    error: CxrtuneError = kind(message, path=None if path is None else Path(path), remedy=remedy)
    return error
