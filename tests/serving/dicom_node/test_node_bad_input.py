"""What comes from a network that nobody vouches for: the node answers or hangs up, and goes on."""

import io
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from contextlib import closing, contextmanager
from functools import partial

import numpy as np
import pytest
from node_world import (
    CAPTURE,
    COMMAND,
    DIGITAL,
    PATIENT,
    SERIES,
    STUDY,
    free_port,
    radiograph,
    require,
    run,
    store,
    until,
)
from pydicom import dcmread
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE

from cxrtune.images.decoding_process import DecodingLimits
from cxrtune.images.workers import Workers
from cxrtune.scoring.predictor import Predictor
from cxrtune.serving.dicom_node.queue import Queue
from cxrtune.serving.dicom_node.queue.status import read_status
from cxrtune.serving.dicom_node.receive import STORAGE_CLASSES, TRANSFER_SYNTAXES, Receiver, listening
from cxrtune.serving.dicom_node.scorer import MOST_ATTEMPTS, Scorer
from cxrtune.serving.dicom_node.settings import NodeLimits, NodeSettings
from cxrtune.serving.dicom_node.source import instance_reader
from faulty_decoder import DIES, HANGS, faulty_reader

# The library's client leaves its socket to the garbage collector where the node hangs up on it.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]

NOBODY = f"NOBODY@127.0.0.1:{free_port()}"


@contextmanager
def receiving(place, **options):
    """A node's receiving half in this process: its port and its queue."""
    limits = options.pop("limits", NodeLimits())
    settings = NodeSettings(port=0, limits=limits, **options)
    with closing(Queue(place, limits)) as queue, listening(Receiver(queue, lambda: None), settings) as port:
        yield port, queue


@contextmanager
def associated(port, syntax="1.2.840.10008.1.2.1", kind=DIGITAL, calling="TEST", called="CXRTUNE"):
    entity = AE(calling)
    entity.add_requested_context(kind, syntax)
    opened = []
    keep = (evt.EVT_CONN_OPEN, lambda event: opened.append(event.assoc.dul.socket.socket))
    association = entity.associate("127.0.0.1", port, ae_title=called, evt_handlers=[keep])
    yield association
    if association.is_established:
        association.release()
    # The library leaves some sockets of associations that were refused to the garbage collector.
    if association.is_alive():
        association.join()
    for one in opened:
        one.close()


def send_raw(association, data_set: bytes, uid: str, kind=DIGITAL):
    """Send bytes as they are, and return the status; None where the node hung up."""
    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = kind, uid
    request.DataSet = io.BytesIO(data_set)
    # As the library's own send_c_store: its loop must not take the answer.
    association._reactor_checkpoint.clear()
    while not association._is_paused:
        time.sleep(0.01)
    association.dimse.send_msg(request, association.accepted_contexts[0].context_id)
    _, answer = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    return None if answer is None else answer.Status


def data_set_of(file: bytes) -> bytes:
    """The file without preamble and meta information."""
    start = 144 + int.from_bytes(file[140:144], "little")
    return file[start:]


GOOD = data_set_of(radiograph(1))
UID = f"{SERIES}.1"


def without(tag: bytes) -> bytes:
    start = GOOD.index(tag)
    length = int.from_bytes(GOOD[start + 6 : start + 8], "little")
    return GOOD[:start] + GOOD[start + 8 + length :]


def with_uid(value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    start = GOOD.index(b"\x08\0\x18\0UI")
    length = int.from_bytes(GOOD[start + 6 : start + 8], "little")
    return GOOD[: start + 6] + struct.pack("<H", len(value)) + value + GOOD[start + 8 + length :]


CANNOT_UNDERSTAND = {
    "one byte": b"\0",
    "noise": np.random.default_rng(1).bytes(5000),
    "text": b"GET / HTTP/1.1\r\n\r\n" * 50,
    "cut in the first element": GOOD[:11],
    "no study": without(b"\x20\0\x0d\0UI"),
    "no series": without(b"\x20\0\x0e\0UI"),
    "no instance": without(b"\x08\0\x18\0UI"),
    "a path": with_uid(b"../../../../etc/passwd"),
    "an absolute path": with_uid(b"/etc/cron.d/x"),
    "too long a UID": with_uid(b"1." + b"2" * 90),
    "an empty part": with_uid(b"1..2"),
    "an element that is longer than all": GOOD[:200] + b"\x10\0\x10\0PN\xff\xff" + GOOD[200:],
}


@pytest.mark.parametrize("case", CANNOT_UNDERSTAND)
def test_what_cannot_be_understood_is_refused(tmp_path, case):
    with receiving(tmp_path / "queue.sqlite") as (port, queue), associated(port) as association:
        assert send_raw(association, CANNOT_UNDERSTAND[case], UID) == 0xC000
        assert queue.waiting() == 0
        # The association is as good as before.
        assert send_raw(association, GOOD, UID) == 0x0000
    assert sorted(file.name for file in tmp_path.iterdir()) in (
        ["queue.sqlite"],
        ["queue.sqlite", "queue.sqlite-shm", "queue.sqlite-wal"],
    )


def test_an_instance_that_is_not_the_one_named_is_refused(tmp_path):
    with receiving(tmp_path / "queue.sqlite") as (port, queue), associated(port) as association:
        assert send_raw(association, GOOD, f"{SERIES}.2") == 0xA900
        assert queue.waiting() == 0


def test_a_full_queue_says_out_of_resources(tmp_path):
    with (
        receiving(tmp_path / "queue.sqlite", limits=NodeLimits(waiting=1)) as (port, _),
        associated(port) as association,
    ):
        assert send_raw(association, GOOD, UID) == 0x0000
        assert send_raw(association, data_set_of(radiograph(2)), f"{SERIES}.2") == 0xA700
        assert send_raw(association, GOOD, UID) == 0x0000


def test_a_full_disk_says_out_of_resources(small_disk):
    big = data_set_of(radiograph(1, pixels=np.zeros((900, 900), dtype=np.uint16)))
    with receiving(small_disk.path / "queue.sqlite") as (port, queue), associated(port) as association:
        assert send_raw(association, big, UID) == 0xA700
        assert queue.waiting() == 0
        small_disk.grow()
        assert send_raw(association, big, UID) == 0x0000
        assert queue.waiting() == 1


def test_a_deflated_bomb_is_not_inflated(tmp_path):
    bomb = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    head = GOOD[: GOOD.index(b"\xe0\x7f\x10\0")]
    data = b"".join(
        [
            bomb.compress(head + b"\xe0\x7f\x10\0OW\0\0\0\0\0\x7f"),
            *(bomb.compress(bytes(1 << 24)) for _ in range(100)),
        ]
    )
    data += bomb.flush()
    with (
        receiving(tmp_path / "queue.sqlite") as (port, queue),
        associated(port, syntax="1.2.840.10008.1.2.1.99") as association,
    ):
        started = time.monotonic()
        assert send_raw(association, data, UID) == 0x0000
        assert time.monotonic() - started < 5
        (row,) = queue.begin(1, 1)
        assert len(row.data) < 4_000_000


def test_an_instance_that_is_too_long_ends_the_connection_and_no_other(tmp_path):
    limits = NodeLimits(instance_bytes=200_000)
    with receiving(tmp_path / "queue.sqlite", limits=limits) as (port, queue):
        with associated(port) as association:
            long = data_set_of(radiograph(1, pixels=np.zeros((600, 600), dtype=np.uint16)))
            assert send_raw(association, long, UID) is None
        with associated(port) as association:
            for number in (1, 2, 4, 5, 7):  # it is not the sum of them that counts
                small = data_set_of(radiograph(number))
                assert send_raw(association, small, f"{SERIES}.{number}") == 0x0000
        assert queue.waiting() == 5


UNITS = {
    "4 GB of data": b"\x04\0\xff\xff\xff\xff",
    "4 GB of greeting": b"\x01\0\xff\xff\xff\xf0",
    "no such unit": b"\xee\0\0\0\0\x04abcd",
    "a web browser": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "an empty greeting": b"\x01\0\0\0\0\0",
    "noise": bytes(range(256)) * 20,
}


@pytest.mark.parametrize("case", UNITS)
def test_units_that_are_none_end_their_connection_and_nothing_else(tmp_path, case):
    with receiving(tmp_path / "queue.sqlite", limits=NodeLimits(greeting_seconds=2)) as (port, _):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
            peer.sendall(UNITS[case])
            peer.sendall(bytes(1000))
            peer.settimeout(20)
            try:
                while peer.recv(4096):
                    pass
            except ConnectionError:
                pass
        with associated(port) as association:
            assert send_raw(association, GOOD, UID) == 0x0000


@contextmanager
def idle_connections(port, number):
    """Connections of another process: in this one they leave no file descriptor that select can take."""
    program = (
        "import socket, sys\n"
        "port, number = map(int, sys.argv[1:])\n"
        "idle = [socket.create_connection(('127.0.0.1', port), timeout=20) for _ in range(number)]\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(port), str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "open\n"
        yield
        process.stdin.close()


def test_a_thousand_idle_connections_take_few_threads_and_pass(tmp_path):
    limits = NodeLimits(connections=20, greeting_seconds=1.0)
    with receiving(tmp_path / "queue.sqlite", limits=limits) as (port, _):
        before = threading.active_count()
        with idle_connections(port, 1000):
            most = threading.active_count()
            assert most - before <= 2 * 20 + 5

            def answered() -> bool:
                with associated(port) as association:
                    return association.is_established and send_raw(association, GOOD, UID) == 0x0000

            until(answered)
    until(lambda: threading.active_count() <= before, 20)


def test_idle_associations_are_ended(tmp_path):
    limits = NodeLimits(idle_seconds=1.0)
    with (
        receiving(tmp_path / "queue.sqlite", limits=limits) as (port, _),
        associated(port) as association,
    ):
        until(lambda: not association.is_established, 20)


def test_a_peer_that_stops_in_the_middle_is_left(tmp_path):
    limits = NodeLimits(idle_seconds=1.0, connections=1)
    with receiving(tmp_path / "queue.sqlite", limits=limits) as (port, _):
        with associated(port) as association:
            association.dul.socket.socket.sendall(b"\x04\0\0\0\x40\0" + bytes(50))
            until(lambda: not association.is_established, 20)

        def answered() -> bool:
            with associated(port) as association:
                return association.is_established and send_raw(association, GOOD, UID) == 0x0000

        until(answered, 20)


def test_titles_that_are_not_known_are_rejected(tmp_path):
    with receiving(tmp_path / "queue.sqlite", callers=frozenset({"PACS", "CR1"})) as (port, _):
        for calling, called, taken in (
            ("PACS", "CXRTUNE", True),
            ("CR1", "CXRTUNE", True),
            ("EVIL", "CXRTUNE", False),
            ("PACS", "OTHER", False),
        ):
            with associated(port, calling=calling, called=called) as association:
                assert association.is_established is taken
                assert association.is_rejected is not taken
        require("echoscu")
        said = run("echoscu", "-v", "-aet", "EVIL", "-aec", "CXRTUNE", "127.0.0.1", port, code=None)
        assert "Calling AE Title Not Recognized" in said
        said = run("echoscu", "-v", "-aet", "PACS", "-aec", "OTHER", "127.0.0.1", port, code=None)
        assert "Called AE Title Not Recognized" in said


def test_what_is_offered_is_what_the_reader_takes(tmp_path):
    from cxrtune.images.dicom.codecs import CODECS
    from cxrtune.images.dicom.frame import NATIVE

    assert set(TRANSFER_SYNTAXES) == {*NATIVE, *CODECS, "1.2.840.10008.1.2.5"}
    with receiving(tmp_path / "queue.sqlite") as (port, _):
        entity = AE("TEST")
        for kind in STORAGE_CLASSES:
            for syntax in TRANSFER_SYNTAXES:
                entity.add_requested_context(kind, syntax)
        entity.add_requested_context("1.2.840.10008.5.1.4.1.1.2")  # CT
        entity.add_requested_context(DIGITAL, "1.2.840.10008.1.2.4.102")  # MPEG-4
        association = entity.associate("127.0.0.1", port, ae_title="CXRTUNE")
        assert len(association.accepted_contexts) == len(STORAGE_CLASSES) * len(TRANSFER_SYNTAXES)
        assert len(association.rejected_contexts) == 2
        association.release()


def reader_of(predictor, allow=()):
    """What a node gives its decoding processes to do."""
    return instance_reader(predictor.info.recipe.preprocess, frozenset(allow))


def scored(place, model, *files, allow=(), settings=None):
    """Put files into a queue, score them, and return the status."""
    queue = Queue(place)
    for number, data in enumerate(files):
        queue.put(f"1.2.{number}", data)
    predictor = Predictor.load(model, engine="torch", allow=allow)
    with Workers(reader_of(predictor, allow), 1) as decoders:
        scorer = Scorer(queue, predictor, decoders, settings or NodeSettings())
        while scorer.step():
            pass
    queue.close()
    return read_status(place)


def test_what_is_no_radiograph_is_kept_aside_with_its_reason(tmp_path, model):
    found = scored(
        tmp_path / "queue.sqlite",
        model,
        radiograph(1, ViewPosition="LL"),
        radiograph(1, PresentationIntentType="FOR PROCESSING"),
        radiograph(1, SOPClassUID=CAPTURE, Modality="OT", PresentationIntentType=None),
        radiograph(1, Manufacturer="cxrtune"),
        radiograph(1)[:9000],
        radiograph(1),
    )
    assert found.counts == {"received": 0, "scored": 1, "done": 0, "aside": 5}
    assert set(found.aside_reasons) == {
        "is no frontal radiograph: its View Position is LL; allow 'lateral' to read it all the same",
        "is meant for processing, not for presentation; allow 'modality' to read it all the same",
        "is of modality OT (other), not CR or DX; allow 'modality' to read it all the same",
        "is a result of this program that came back",
        next(reason for reason in found.aside_reasons if "truncated" in reason or "claims" in reason),
    }


def test_a_secondary_capture_is_taken_where_it_is_allowed(tmp_path, model):
    capture = radiograph(1, SOPClassUID=CAPTURE, Modality="OT", PresentationIntentType=None)
    found = scored(tmp_path / "queue.sqlite", model, capture, allow=("modality",))
    assert found.counts["scored"] == 1


class Broken:
    """A predictor that fails over images whose first pixel is white."""

    def __init__(self, model):
        self._predictor = Predictor.load(model, engine="torch")
        self.info = self._predictor.info

    def score(self, readings):
        if any(reading.radiograph.pixels[0, 0] > 65000 for reading in readings):
            raise RuntimeError("with Doe^Jane in its text")
        return self._predictor.score(readings)


def test_an_image_that_the_engine_fails_over_stops_nothing_else(tmp_path, model, caplog):
    white = np.full((64, 64), 4095, dtype=np.uint16)
    queue = Queue(tmp_path / "queue.sqlite")
    for number, data in enumerate((radiograph(1), radiograph(2, pixels=white), radiograph(3))):
        queue.put(f"1.2.{number}", data)
    predictor = Broken(model)
    with Workers(reader_of(predictor), 1) as decoders:
        scorer = Scorer(queue, predictor, decoders, NodeSettings())
        scorer.step()
        assert read_status(tmp_path / "queue.sqlite").counts == {
            "received": 1,
            "scored": 2,
            "done": 0,
            "aside": 0,
        }
        while scorer.step():
            pass
    queue.close()
    found = read_status(tmp_path / "queue.sqlite")
    assert found.counts["aside"] == 1
    (reason,) = found.aside_reasons
    assert reason.startswith("could not be scored: RuntimeError at ")
    assert "Doe" not in reason + caplog.text


def test_an_instance_that_ends_or_holds_its_decoder_is_set_aside_at_once(tmp_path, model, caplog):
    caplog.set_level("INFO")
    place = tmp_path / "queue.sqlite"
    queue = Queue(place)
    for number, word in enumerate(("a chest", DIES.decode(), "a chest", HANGS.decode(), "a chest")):
        queue.put(f"1.2.{number}", radiograph(number, StudyDescription=word))
    predictor = Predictor.load(model, engine="torch")
    faulty = partial(faulty_reader, reader_of(predictor))
    with Workers(faulty, 2, limits=DecodingLimits(seconds=2)) as decoders:
        scorer = Scorer(queue, predictor, decoders, NodeSettings())
        while scorer.step():
            pass
    queue.close()
    found = read_status(place)
    assert (found.counts["scored"], found.counts["aside"]) == (3, 2)
    assert set(found.aside_reasons) == {
        "ended the process that decoded it (SIGSEGV)",
        "was not decoded within 2 s",
    }
    # The first attempt was the last.
    assert "attempt" not in caplog.text


def test_an_image_that_ends_the_program_is_given_up_in_the_end(tmp_path, model):
    place = tmp_path / "queue.sqlite"
    queue = Queue(place)
    queue.put("1.2.3", radiograph(1))
    for _ in range(MOST_ATTEMPTS):
        queue.begin(1, 1)  # and the program ends
    queue.close()
    assert list(scored(place, model).aside_reasons) == [
        f"ended the program {MOST_ATTEMPTS} times while it was scored"
    ]


def test_the_log_names_nobody_whatever_comes(start_node, files, tmp_path):
    """Good and bad instances, an archive that is away: log and status hold no value of them."""
    node = start_node("--results-to", NOBODY, "--calling-aet", "SENDER")
    paths = files(
        radiograph(1),
        radiograph(1),
        radiograph(2, ViewPosition="LL"),
        radiograph(3, ProtocolName="Doe^Jane", StudyDescription="0815-4711"),
        radiograph(4, SOPClassUID=CAPTURE, Modality="OT", PresentationIntentType=None),
    )
    store(node, *paths)
    store(node, *paths[:1], caller="Doe", code=None)
    with associated(node.port, calling="SENDER") as association:
        for data in CANNOT_UNDERSTAND.values():
            send_raw(association, data, UID)
        send_raw(association, GOOD, f"{SERIES}.99")
    until(lambda: node.counts()["scored"] == 2 and node.counts()["aside"] == 2)
    until(lambda: "again in" in node.log)
    status = run(*COMMAND, "status", "--queue", node.queue)
    assert "the archive cannot be reached" in status
    assert "is of modality OT (other), not CR or DX" in status
    process = node.process
    assert node.stop() == 0
    for text in (node.log, status):
        for value in (
            *PATIENT.values(),
            *PATIENT["PatientName"].split("^"),
            STUDY,
            "1.2.826",
            "2.25.",
            "passwd",
        ):
            assert value not in text, text
    assert process is not None
    assert "Traceback" not in node.log
    assert "instance 1: received" in node.log


def test_the_two_halves_speak_of_the_same_file():
    assert dcmread(io.BytesIO(radiograph(1))).SOPInstanceUID == UID
