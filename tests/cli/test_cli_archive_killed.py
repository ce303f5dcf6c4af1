"""Archives whose scoring is killed by SIGKILL, driver or worker, here and on a real Ray cluster of two nodes.

In the end every image is scored, none twice, and the shards equal those of an undisturbed run to the bit.
"""

import os
import secrets
import signal
import subprocess
import sys
import time

import psutil
import pytest

from archives_made import contents, parts, table
from decoding_processes import decoding_processes_of

CLUSTER = """
import sys
from ray.cluster_utils import Cluster
cluster = Cluster()
for _ in range(2):  # a raylet each
    cluster.add_node(
        num_cpus=1, include_dashboard=False, object_store_memory=100_000_000, node_ip_address="127.0.0.1"
    )
print(cluster.address, cluster.head_node.get_session_dir_path(), flush=True)
sys.stdin.read()
cluster.shutdown()
"""
# Loopback, which Ray does on Linux only where clusters of several machines are not wanted; no telemetry.
QUIET = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token"}


@pytest.fixture(scope="module")
def images(prepared, tmp_path_factory):
    """Six hundred names of ninety radiographs, with spaces and accents, and one empty file."""
    place = tmp_path_factory.mktemp("archive") / "étude à Zürich"
    place.mkdir()
    files = sorted((prepared.data / "images").iterdir())
    for number in range(599):
        os.link(files[number % len(files)], place / f"thorax é {number:04}.png")
    (place / "empty.png").write_bytes(b"")
    return place


@pytest.fixture(scope="module")
def command(small_run, images):
    """Return a function that gives the command for an output."""

    def words(out, *more):
        own = (str(small_run), str(images), "--out", str(out), "--shard-size", "30")
        return [sys.executable, "-m", "cxrtune", "predict", *own, *more]

    return words


@pytest.fixture(scope="module")
def undisturbed(command, tmp_path_factory):
    """The shards of a run that nobody disturbed."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    done = subprocess.run(command(out), capture_output=True, text=True, check=True)
    assert "599 of 600 images scored by OpenVINO, float32 in 20 shards" in done.stdout
    found = table(out)
    assert len(found) == found["image"].nunique() == 600
    return contents(out)


def kill_when(process, out, shards, whom=lambda process: [process.pid]):
    """Kill somebody as soon as so many shards are on disk."""
    while process.poll() is None and len(parts(out)) < shards:
        time.sleep(0.01)
    assert process.poll() is None, "it ended before it could be disturbed"
    victims = whom(process)
    assert victims
    for victim in victims:
        os.kill(victim, signal.SIGKILL)


def decoders_of(process):
    return decoding_processes_of(process.pid)


@pytest.mark.long
def test_a_driver_that_was_killed_is_gone_on_from(command, undisturbed, tmp_path):
    out = tmp_path / "out"
    for shards in (2, 9):
        process = subprocess.Popen(command(out), stdout=subprocess.DEVNULL)
        kill_when(process, out, shards)
        process.wait()
        assert not (out / "provenance.json").exists()
    kept = {part: part.stat().st_mtime_ns for part in parts(out)}
    done = subprocess.run(command(out), capture_output=True, text=True, check=True)
    assert f"{30 * len(kept):,} of 600 images were scored before and are kept" in done.stdout
    assert contents(out) == undisturbed
    assert {part: part.stat().st_mtime_ns for part in kept} == kept
    assert not list(out.glob(".*"))


@pytest.mark.long
def test_decoding_processes_that_were_killed_are_replaced(command, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen(command(out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    kill_when(process, out, 3, lambda process: decoders_of(process)[:1])
    said, warned = process.communicate()
    assert process.returncode == 0, warned
    assert "a decoding process was killed; its image is decoded again" in warned
    assert "599 of 600 images scored" in said
    assert contents(out) == undisturbed


@pytest.fixture(scope="module")
def cluster():
    """Two raylets on this machine; yields the environment of a driver, and the folder of Ray's logs."""
    pytest.importorskip("ray")
    environment = os.environ | QUIET | {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        address, session = process.stdout.readline().split()
        yield environment | {"RAY_ADDRESS": address}, session
    finally:
        try:
            process.communicate("", timeout=60)  # the end of its input is the end of the cluster
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def actors(_):
    """Every process that scores on the cluster."""
    return [one.pid for one in psutil.process_iter() if one.name().startswith("ray::MapWorker")]


@pytest.mark.long
def test_ray_gives_the_same_shards_and_its_logs_name_no_image(command, undisturbed, cluster, tmp_path):
    out, (environment, session) = tmp_path / "out", cluster
    done = subprocess.run(
        command(out, "--on", "ray"), capture_output=True, text=True, check=True, env=environment
    )
    assert "2 Ray workers with 1 processors each" in done.stdout
    assert "599 of 600 images scored by OpenVINO, float32 in 20 shards" in done.stdout
    assert "empty.png is not scored: the file is empty (0 bytes)" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert contents(out) == undisturbed
    found = subprocess.run(["grep", "-rlE", r"thorax|empty\.png", session], capture_output=True, check=False)
    assert found.returncode == 1, found.stdout  # grep's word for nothing
    again = subprocess.run(command(out), capture_output=True, text=True, check=True)
    assert "inputs and settings are unchanged" in again.stdout


@pytest.mark.long
def test_a_ray_worker_that_was_killed_loses_nothing(command, undisturbed, cluster, tmp_path):
    out, (environment, _) = tmp_path / "out", cluster
    process = subprocess.Popen(
        command(out, "--on", "ray"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    kill_when(process, out, 2, lambda process: actors(process)[:1])
    said, warned = process.communicate()
    assert process.returncode == 0, warned
    assert "599 of 600 images scored" in said
    assert contents(out) == undisturbed
    assert not list(out.glob("*.attempts"))


@pytest.mark.nightly
def test_a_ray_driver_that_was_killed_is_gone_on_from_there_or_here(command, undisturbed, cluster, tmp_path):
    environment, _ = cluster
    for name, more in (("there", ("--on", "ray")), ("here", ("--on", "local"))):
        out = tmp_path / name
        process = subprocess.Popen(command(out, "--on", "ray"), stdout=subprocess.DEVNULL, env=environment)
        kill_when(process, out, 3)
        process.wait()
        done = subprocess.run(
            command(out, *more), capture_output=True, text=True, check=True, env=environment
        )
        assert "images were scored before and are kept" in done.stdout
        assert contents(out) == undisturbed


@pytest.mark.long
def test_what_ray_cannot_do_is_said(command, cluster, tmp_path):
    environment, _ = cluster
    many = command(tmp_path / "a", "--on", "ray", "--workers", "3")
    seen = subprocess.run(many, capture_output=True, text=True, check=False, env=environment)
    assert seen.returncode == 2
    assert "the cluster has 2 processors, too few for 3 workers with 1 each" in seen.stderr
    nobody = command(tmp_path / "b", "--on", "ray", "--address", "127.0.0.1:9")
    seen = subprocess.run(nobody, capture_output=True, text=True, check=False, env=environment)
    assert seen.returncode == 1
    assert "there is no Ray cluster to be reached at 127.0.0.1:9" in seen.stderr
    assert not (tmp_path / "b").exists()
