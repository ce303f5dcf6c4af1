"""Finds the decoding processes of a command that runs."""

import psutil


def decoding_processes_of(process: int) -> list[int]:
    """The processes that a command's server for them has forked; the server itself is none."""
    below = psutil.Process(process).children(recursive=True)
    servers = [child for child in below if "multiprocessing.forkserver" in " ".join(child.cmdline())]
    return [child.pid for child in servers if child.ppid() in {server.pid for server in servers}]
