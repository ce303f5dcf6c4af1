"""What a decoder with a fault does, by the first bytes of what it is sent; imported by decoding processes."""

import os
import signal
import time

HANGS, DIES = b"hangs", b"dies"


def faulty_reader(make):
    read = make()

    def run(data):
        if data == HANGS:
            time.sleep(600)
        if data == DIES:
            os.kill(os.getpid(), signal.SIGSEGV)
        return read(data)

    return run


def broken_reader():
    raise RuntimeError("no library")
