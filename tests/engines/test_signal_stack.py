"""A signal that arrives after models came and went is handled, not the end of the process."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.system

SCRIPT = """
import faulthandler, os, signal, sys
import torch
from cxrtune.engines.convert import to_openvino
from cxrtune.engines.openvino_engine import OpenVinoEngine

class Doubled(torch.nn.Module):
    def forward(self, pixels):
        return 2 * pixels

if sys.argv[1] == "with":
    faulthandler.enable()  # as pytest and many servers do: a stack for signals of its own
signal.signal(signal.SIGUSR1, lambda number, frame: print("handled", flush=True))
model = to_openvino(Doubled(), 8)
for _ in range(2):
    first, second = OpenVinoEngine(model, "float32"), OpenVinoEngine(model, "float32")
    os.kill(os.getpid(), signal.SIGUSR1)
    del first
    del second
    os.kill(os.getpid(), signal.SIGUSR1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="alternate stacks are kept on Linux")
@pytest.mark.parametrize("own_stack", ["with", "without"])
def test_signals_are_handled_after_models_went_in_any_order(own_stack):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, own_stack], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done
    assert done.stdout.split() == ["handled"] * 4
