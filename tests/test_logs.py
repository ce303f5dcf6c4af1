"""A service's own lines, and nothing of what libraries say."""

import subprocess
import sys

PROGRAM = """
import logging, sys, warnings
logging.getLogger("chatty").addHandler(logging.StreamHandler(sys.stderr))
from cxrtune.logs import log_to, where
logger = logging.getLogger("cxrtune.service")
log_to(sys.stderr, logger, quiet=sys.argv[1] == "quiet", silenced=("chatty",))
logger.info("instance 1: done")
logger.error("instance 2: failed")
logging.getLogger("chatty").error("Doe^Jane")
logging.getLogger("other").error("Doe^Jane")
warnings.warn("Doe^Jane")
try:
    int("Doe^Jane")
except ValueError as error:
    print(where(error))
"""


def test_a_service_says_its_own_lines_only():
    for mode, lines in (
        ("loud", ["instance 1: done", "instance 2: failed"]),
        ("quiet", ["instance 2: failed"]),
    ):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, mode], capture_output=True, text=True, check=True
        )  # fmt: skip
        assert done.stdout.startswith("ValueError at <string>:")
        assert "Doe" not in done.stdout + done.stderr
        said = done.stderr.splitlines()
        assert [line.split(" ", 2)[2] for line in said] == lines
