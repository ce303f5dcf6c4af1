"""One small model, its predictor, and a service that runs it."""

import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

import cv2
import numpy as np
import pytest
from web_service import SECONDS, served

from cxrtune.evaluation.calibration.calibrator import Calibrator
from cxrtune.models.checkpoint import load_gated_model, save_model
from cxrtune.models.description import MODEL
from cxrtune.scoring.predictor import Predictor


@pytest.fixture(scope="session")
def model(small_run, tmp_path_factory):
    """The small model with thresholds for all findings but the last, and calibrations for every other one."""
    folder = tmp_path_factory.mktemp("served")
    network, gate, info = load_gated_model(small_run)
    calibrator = Calibrator("platt", 0.2, slope=1.5, offset=-1.0)
    known = replace(
        info,
        thresholds={finding: 0.3 + 0.05 * place for place, finding in enumerate(info.findings[:-1])},
        threshold_rule="by the test",
        calibration={finding: asdict(calibrator) for finding in info.findings[::2]},
    )
    save_model(folder / MODEL, network, known, gate)
    return folder


@pytest.fixture(scope="session")
def predictor(model):
    return Predictor.load(model, engine="torch")


@pytest.fixture(scope="session")
def service(predictor):
    with served(predictor) as client:
        yield client


@pytest.fixture(scope="session")
def phantoms(prepared):
    """Twelve radiographs as PNG, each its bytes."""
    return [path.read_bytes() for path in sorted((prepared.data / "images").iterdir())[:12]]


@pytest.fixture(scope="session")
def large():
    """An image of nine megapixels whose PNG has some megabytes."""
    noise = np.random.default_rng(0).integers(0, 256, (3000, 3000), dtype=np.uint8)
    return cv2.imencode(".png", noise, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes()


@dataclass
class Process:
    """`cxrtune serve` as a user starts it."""

    process: subprocess.Popen
    url: str
    lines: list = field(default_factory=list)

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    @property
    def text(self):
        return "".join(self.lines)

    def stop(self, number):
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@pytest.fixture(scope="session")
def process_of(model):
    """Return a context manager that runs `cxrtune serve MODEL --port 0 ARGUMENT ...`."""

    @contextmanager
    def running(*arguments, environment=None, before=None):
        command = [sys.executable, "-m", "cxrtune", "serve", model, "--port", "0", "--engine", "torch"]
        process = subprocess.Popen(
            [str(part) for part in (*command, *arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | (environment or {}),
            preexec_fn=before,
        )
        lines, listening = [], threading.Event()

        def read():
            for line in process.stdout:
                lines.append(line)
                if line.startswith("Listening on "):
                    listening.set()
            listening.set()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            assert listening.wait(4 * SECONDS)
            found = re.search(r"^Listening on (\S+)$", "".join(lines), re.MULTILINE)
            assert found, "".join(lines)
            yield Process(process, found.group(1), lines)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(SECONDS)
            reader.join(SECONDS)
            process.stdout.close()

    return running
