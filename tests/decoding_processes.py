"""Finds the decoding processes of a command that runs."""

from contextlib import suppress

import psutil


def decoding_processes_of(process: int) -> list[int]:
    """The processes that a command's server for them has forked; the server itself is none."""
    parents = {}
    for child in psutil.Process(process).children(recursive=True):
        with suppress(psutil.Error):  # it has ended meanwhile
            if "multiprocessing.forkserver" in " ".join(child.cmdline()):
                parents[child.pid] = child.ppid()
    return [pid for pid, parent in parents.items() if parent in parents]
