"""What a decoder with a fault does, by what stands in a file; imported by decoding processes."""

import os
import signal
import time

HANGS, DIES = b"this one hangs", b"this one dies"


def faulty_reader(make):
    read = make()

    def run(data):
        if HANGS in data:
            time.sleep(600)
        if DIES in data:
            os.kill(os.getpid(), signal.SIGSEGV)
        return read(data)

    return run


def broken_reader():
    raise RuntimeError("no library")
