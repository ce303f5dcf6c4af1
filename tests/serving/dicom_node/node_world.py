"""A small hospital on loopback: Orthanc as the archive, the node as a process, DCMTK as the client."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from cxrtune.models.checkpoint import save_model
from cxrtune.models.densenet import build_network
from cxrtune.models.description import MODEL, ModelInfo
from cxrtune.phantom import draw_phantom
from cxrtune.phantom.population import draw_population
from cxrtune.recipe import PreprocessSpec, Recipe
from dicom_made import dicom

PATIENT = {
    "PatientName": "Doe^Jane",
    "PatientID": "0815-4711",
    "PatientBirthDate": "19610203",
    "PatientSex": "F",
    "AccessionNumber": "ACC-77",
    "StudyID": "ST-9",
    "ReferringPhysicianName": "Quincy^Medical^Examiner",
    "StudyDate": "20260102",
    "StudyTime": "101112",
}
STUDY, SERIES = "1.2.826.0.1.3680043.8.498.777.1", "1.2.826.0.1.3680043.8.498.777.1.1"
COMPUTED = "1.2.840.10008.5.1.4.1.1.1"
DIGITAL = "1.2.840.10008.5.1.4.1.1.1.1"
REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

COMMAND = (sys.executable, "-m", "cxrtune", "dicom-node")

FINDINGS = ("Effusion", "Mass", "Pleural_Thickening")
THRESHOLDS = {"Effusion": 0.0, "Mass": 1.0, "Pleural_Thickening": 0.0}
"""Two are always called present, so that there is a heatmap each; one never."""


def require(*programs: str) -> None:
    """Skip where a program of Debian's packages is missing; where CI runs, that is a failure."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    sentence = f"needs {', '.join(missing)}: apt-get install orthanc orthanc-dicomweb dcmtk dicom3tools"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def small_model(folder: Path) -> Path:
    """A network of 64 px that was never trained, in a run folder."""
    folder.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(name="small", preprocess=PreprocessSpec(size=64))
    network = build_network(len(FINDINGS), recipe.head, recipe.preprocess, seed=3).eval()
    save_model(folder / MODEL, network, ModelInfo(FINDINGS, recipe, "random", "fixed", THRESHOLDS))
    return folder


_CHESTS = {}


def chest(number: int, size: int = 160) -> np.ndarray:
    """One of a few phantoms, shifted a little: uint16 (S, S) of 12 bits."""
    if not _CHESTS:
        for index, study in enumerate(draw_population(4, 5, size)):
            _CHESTS[index] = draw_phantom(study.spec).pixels.astype(np.uint16) * 16
    return np.roll(_CHESTS[number % len(_CHESTS)], number % 17, axis=1)


def radiograph(number: int = 1, **changes) -> bytes:
    """A DICOM file of a chest; every third is CR, the others DX."""
    syntax = changes.pop("syntax", "1.2.840.10008.1.2.1")
    pixels = changes.pop("pixels", None)
    kind = COMPUTED if number % 3 == 0 else DIGITAL
    from pydicom.uid import UID

    elements = {
        **PATIENT,
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": SERIES,
        "SOPInstanceUID": f"{SERIES}.{number}",
        "SOPClassUID": kind,
        "Modality": "CR" if kind == COMPUTED else "DX",
        "SeriesNumber": 1,
        "InstanceNumber": number,
        **({"PresentationIntentType": "FOR PRESENTATION"} if kind == DIGITAL else {}),
        **changes,
    }
    own = ("PatientName", "PatientID")  # a value of None takes these away; the others were never there
    elements = {name: value for name, value in elements.items() if value is not None or name in own}
    return with_meta(dicom(chest(number) if pixels is None else pixels, UID(syntax), **elements), elements)


def with_meta(data: bytes, elements) -> bytes:
    """Make the file's meta information say what its data set says."""
    import io

    from pydicom import dcmread

    made = dcmread(io.BytesIO(data))
    made.file_meta.MediaStorageSOPClassUID = elements["SOPClassUID"]
    made.file_meta.MediaStorageSOPInstanceUID = elements["SOPInstanceUID"]
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def until(condition, seconds: float = 60.0, step: float = 0.1):
    """Wait for something to be true, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(step)
    raise AssertionError(f"not within {seconds:g} s: {condition}")


@dataclass
class Orthanc:
    """The archive, with its storage in a folder that outlives its process."""

    folder: Path
    dicom_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    options: dict = field(default_factory=dict)
    process: subprocess.Popen | None = None

    def start(self) -> "Orthanc":
        require("Orthanc")
        plugin = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
        self.folder.mkdir(parents=True, exist_ok=True)
        config = {
            "Name": "test",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "DicomAet": "ORTHANC",
            "DicomPort": self.dicom_port,
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StableAge": 1,
            "Plugins": [str(plugin)] if plugin.is_file() else [],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            **self.options,
        }
        (self.folder / "orthanc.json").write_text(json.dumps(config))
        with (self.folder / "orthanc.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["Orthanc", str(self.folder / "orthanc.json")], stdout=log, stderr=log
            )
        until(self._answers)
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "orthanc.log").read_text()[-2000:]
        try:
            return bool(self.get("/system"))
        except OSError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def call(self, path: str, body: bytes | None = None, method: str | None = None) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data=body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error} {error.read()[:500]!r}") from None

    def get(self, path: str):
        return json.loads(self.call(path))

    def post(self, path: str, content) -> bytes:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.call(path, body, "POST")

    def put(self, path: str, content) -> bytes:
        return self.call(path, json.dumps(content).encode(), "PUT")

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    @property
    def peer(self) -> str:
        return f"ORTHANC@127.0.0.1:{self.dicom_port}"

    def instances(self, modality: str | None = None) -> dict[str, str]:
        """Orthanc's identifiers by SOP Instance UID."""
        query = {} if modality is None else {"Modality": modality}
        found = json.loads(self.post("/tools/find", {"Level": "Instance", "Query": query, "Expand": True}))
        return {one["MainDicomTags"]["SOPInstanceUID"]: one["ID"] for one in found}

    def files(self, modality: str) -> list[bytes]:
        """The DICOM files of a modality."""
        return [self.call(f"/instances/{name}/file") for name in self.instances(modality).values()]


@dataclass
class Node:
    """The node as a process."""

    model: Path
    folder: Path
    arguments: tuple[str, ...]
    title: str = "CXRTUNE"
    port: int = 0
    process: subprocess.Popen | None = None
    place: Path | None = None

    @property
    def queue(self) -> Path:
        return self.place or self.folder / "queue.sqlite"

    @property
    def log(self) -> str:
        return (self.folder / "node.log").read_text()

    def start(self) -> "Node":
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": ""}
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(*COMMAND, "run"),
                    str(self.model),
                    *("--aet", self.title, "--port", str(self.port), "--queue", str(self.queue)),
                    *("--engine", "torch", *self.arguments),
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        line = self.process.stdout.readline()
        assert line.startswith("Listening as "), line + self.log[-2000:]
        self.port = int(line.rsplit(":", 1)[1])
        return self

    def kill(self) -> None:
        """The plug is pulled."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def stop(self) -> int:
        """End it as systemd would, and return its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.process.stdout.close()
        self.process = None
        return code

    def counts(self) -> dict:
        from cxrtune.serving.dicom_node.queue.status import read_status

        return read_status(self.queue).counts

    def until_done(self, count: int, seconds: float = 90.0) -> None:
        until(lambda: self.counts()["done"] == count, seconds)


def run(*command: object, code: int | None = 0) -> str:
    """Run a foreign program, and return what it says."""
    require(str(command[0]))
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=120, check=False
    )
    said = done.stdout + done.stderr
    assert code is None or done.returncode == code, said
    return said


def store(node: Node, *files: Path, caller: str = "SENDER", code: int | None = 0, options=()) -> str:
    """Send files with DCMTK."""
    return run(
        *("storescu", "-v", *options, "-aet", caller, "-aec", node.title, "127.0.0.1", node.port, *files),
        code=code,
    )
