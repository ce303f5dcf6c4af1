"""Mutated files of every kind through the service's own way: it answers each, in time, and does not grow."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psutil
import pytest
from web_service import Client

from mutants import CORPORA, mutant

TOGETHER = 16  # files a request
SECONDS = 30.0  # the service's own limit for an answer
GROWTH = 1.5  # of the memory of all its processes, above what it is after the whole files


def memory_of(process) -> int:
    """Bytes of a process and those below it, shared pages counted once (proportional set size)."""
    every = [process, *process.children(recursive=True)]
    total = 0
    for one in every:
        try:
            total += one.memory_full_info().pss
        except psutil.NoSuchProcess:  # ended meanwhile
            continue
    return total


def fuzz(process_of, kind: str, count: int) -> None:
    corpus = CORPORA[kind]
    with process_of() as running, closing(Client(running.port)) as client, ThreadPoolExecutor(2) as clients:
        process = psutil.Process(running.process.pid)

        def ask(first: int) -> tuple[set[int], int, float]:
            files = [mutant(number, corpus) for number in range(first, min(first + TOGETHER, count))]
            started = time.monotonic()
            answer = client.predict(*files)
            spent = time.monotonic() - started
            results = answer.json().get("results") or []
            assert len(results) in (0, len(files))
            scored = sum(one.get("prediction") is not None for one in results)
            return {answer.status_code}, scored, spent

        for data in corpus:
            client.predict(data)
        idle = memory_of(process)
        statuses, scored, slowest, largest = set(), 0, 0.0, idle
        for found, good, spent in clients.map(ask, range(0, count, TOGETHER)):
            statuses |= found
            scored += good
            slowest = max(slowest, spent)
            largest = max(largest, memory_of(process))
        assert process.is_running()
        assert client.get("/readyz").status_code == 200
        assert client.predict(corpus[0]).status_code == 200
        # Some mutants are harmless, most are not.
        assert statuses <= {200, 422, 503}
        assert 0.02 * count < scored < 0.95 * count
        assert slowest < SECONDS + 1, f"an answer took {slowest:.1f} s"
        assert largest < GROWTH * idle, f"grew from {idle / 1e6:,.0f} to {largest / 1e6:,.0f} MB"
    assert "Traceback" not in running.text


@pytest.mark.long
@pytest.mark.parametrize("kind", ["animated PNG", "TIFF", "JPEG", "DICOM"])
def test_a_thousand_mutants_of_a_kind(process_of, kind):
    fuzz(process_of, kind, 1_000)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["animated PNG", "TIFF", "JPEG", "DICOM"])
def test_twenty_thousand_mutants_of_a_kind(process_of, kind):
    fuzz(process_of, kind, 20_000)
