"""`cxrtune dicom-node`: what is wrong use, and what an operator sees."""

import signal
import stat
from contextlib import closing, contextmanager

import pytest
from node_world import CAPTURE, COMMAND, REPORT, Node, free_port, radiograph, run, store, until
from pynetdicom import AE, evt

from cxrtune.back_off import BackOff
from cxrtune.errors import UsageError
from cxrtune.serving.dicom_node.dimse import Peer, StoreByDimse, read_peer, read_title
from cxrtune.serving.dicom_node.queue import Queue, Result
from cxrtune.serving.dicom_node.queue.status import read_status
from cxrtune.serving.dicom_node.sender import ArchiveAwayError, Sender

# The library leaves its socket to the garbage collector where nobody answers.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]


def test_peers():
    assert read_peer("ORTHANC@127.0.0.1:4242") == Peer("ORTHANC", "127.0.0.1", 4242)
    assert read_peer(" MY PACS @pacs.example.org:104") == Peer("MY PACS", "pacs.example.org", 104)
    assert str(read_peer("A@[::1]:11112")) == "A@[::1]:11112"


@pytest.mark.parametrize(
    "text", ["", "ORTHANC", "ORTHANC@host", "@host:1", "A@host:0", "A@host:65536", "A@:1"]
)
def test_what_is_no_peer(text):
    with pytest.raises(
        UsageError, match=r"does not say where an archive is|is no application entity title"
    ) as caught:
        read_peer(text)
    assert caught.value.remedy


@pytest.mark.parametrize("title", ["", "   ", "A" * 17, "A\\B", "Ä", "A\nB"])
def test_what_is_no_title(title):
    with pytest.raises(UsageError, match="is no application entity title"):
        read_title(title)


STUDY = ("--study", "1.2", "--results-to", "A@h:1")
WRONG = {
    ("run", "MODEL"): "results need one place to go to",
    ("run", "MODEL", "--results-to", "A@h:1", "--results-to-web", "http://h"): "results need one place",
    ("run", "MODEL", "--results-to", "nowhere"): "'nowhere' does not say where an archive is",
    ("run", "MODEL", "--results-to", "A@h:1", "--aet", "A" * 17): "is no application entity title",
    ("run", "MODEL", "--results-to", "A@h:1", "--calling-aet", ""): "is no application entity title",
    ("run", "MODEL", "--results-to", "A@h:1", "--allow", "everything"): "--allow does not know 'everything'",
    ("run", "MODEL", "--results-to", "A@h:1", "--engine", "steam"): "there is no engine 'steam'",
    ("fetch", "MODEL", "http://h", "--study", "1.2"): "results need one place to go to",
    ("fetch", "MODEL", "h", *STUDY, "--engine", "torch"): "'h' is no address of a DICOMweb service",
    ("fetch", "MODEL", "http://h", "--study", "one", *STUDY[2:]): "this is no Study Instance UID",
    ("fetch", "MODEL", "http://h", *STUDY, "--engine", "steam"): "there is no engine 'steam'",
    ("status", "--queue", "QUEUE"): "there is no such queue",
    ("retry", "--queue", "QUEUE"): "there is no such queue",
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_use_is_named(cxrtune, model, tmp_path, monkeypatch, arguments):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    named = {"MODEL": model, "QUEUE": tmp_path / "none.sqlite"}
    seen = cxrtune("dicom-node", *(named.get(argument, argument) for argument in arguments))
    assert WRONG[arguments] in seen.refused(2)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("run",), "Missing argument 'MODEL'"),
        (("fetch",), "Missing argument 'MODEL'"),
        (("fetch", "MODEL"), "Missing argument 'URL'"),
        (("fetch", "MODEL", "http://h"), "Missing option '--study'"),
        (("run", "MODEL", "--study", "1.2"), "No such option: --study"),
        (("fetch", "MODEL", "http://h", "--port", "1"), "No such option: --port"),
        (("status", "MODEL"), "unexpected extra argument"),
        (("runs/nih",), "No such command 'runs/nih'"),
    ],
)
def test_a_command_has_only_what_it_needs(cxrtune, arguments, named):
    seen = cxrtune("dicom-node", *arguments)
    assert (seen.code, seen.out) == (2, "")
    assert named.lower() in seen.err.lower()


def test_a_port_that_is_taken_and_a_queue_that_is_taken(start_node, model):
    node = start_node("--results-to", f"A@127.0.0.1:{free_port()}")
    base = (*COMMAND, "run", model, "--engine", "torch", "--results-to", "A@127.0.0.1:1")
    said = run(*base, "--port", node.port, "--queue", node.folder / "other.sqlite", code=2)
    assert f"cannot listen on 127.0.0.1 port {node.port}: address already in use" in said
    said = run(*base, "--port", 0, "--queue", node.queue, code=2)
    assert "another node works on this queue" in said


def test_the_queue_stands_in_the_users_state_folder(model, tmp_path, monkeypatch, cxrtune):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = tmp_path / "state" / "cxrtune" / "dicom-node.sqlite"
    assert f"{place}: there is no such queue" in cxrtune("dicom-node", "status").refused(2)
    node = Node(model, tmp_path / "node", ("--results-to", "A@127.0.0.1:1"), place=place).start()
    assert node.stop() == 0
    assert place.is_file()
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert "received, to be scored         0" in cxrtune("dicom-node", "status").out


def test_wider_than_loopback_without_a_list_is_warned_of(model, tmp_path):
    cases = [(("--host", "0.0.0.0"), True), (("--host", "0.0.0.0", "--calling-aet", "PACS"), False)]
    for number, (arguments, warned) in enumerate(cases):
        node = Node(model, tmp_path / f"{number}", ("--results-to", "A@127.0.0.1:1", *arguments)).start()
        assert node.stop() == 0
        assert ("there is no list of calling titles" in " ".join(node.log.split())) is warned


def test_a_stopped_node_ends_well_and_the_next_one_goes_on(orthanc, start_node, files):
    """Stopped with work in hand and the archive away: nothing is lost, and nothing is asked for again."""
    orthanc.stop()
    node = start_node("--results-to", orthanc.peer)
    store(node, *files(*(radiograph(number) for number in range(8))))
    until(lambda: node.counts()["scored"] >= 1)
    process = node.process
    assert node.stop() == 0
    assert process.returncode != -signal.SIGTERM
    assert sum(node.counts().values()) == 8
    assert node.counts()["done"] == 0
    orthanc.start()
    node.start()
    node.until_done(8)
    assert len(orthanc.instances("SR")) == 8


@contextmanager
def small_archive(port, *classes, status=0x0000, callers=()):
    """An archive of a few lines that takes these classes; yields the UIDs that it was given."""
    entity, given = AE("SMALL"), []
    entity.require_calling_aet = list(callers)
    for sop_class in classes:
        entity.add_supported_context(sop_class)

    def take(event):
        given.append(str(event.request.AffectedSOPInstanceUID))
        return status

    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, take)])
    yield given
    server.shutdown()


def test_what_the_archive_refuses_is_kept_and_put_back(start_node, files):
    port = free_port()
    node = start_node("--results-to", f"SMALL@127.0.0.1:{port}")
    with small_archive(port, CAPTURE):
        store(node, *files(radiograph(1)))
        until(lambda: node.counts()["aside"] == 1)
        said = run(*COMMAND, "status", "--queue", node.queue)
        assert "the archive does not take Comprehensive SR Storage" in said
    with small_archive(port, CAPTURE, REPORT) as given:
        assert "1 put back into the queue" in run(*COMMAND, "retry", "--queue", node.queue)
        node.until_done(1)
        assert len(set(given)) == len(given) >= 1


@pytest.mark.parametrize(
    ("status", "state"),
    [(0xA900, "aside"), (0xC123, "aside"), (0x0122, "aside"), (0xA700, "scored"), (0x0110, "scored"),
     (0x0111, "done"), (0xB006, "done")],
)  # fmt: skip
def test_what_each_status_of_an_archive_means(status, state, tmp_path):
    port = free_port()
    with (
        closing(Queue(tmp_path / "queue.sqlite")) as queue,
        small_archive(port, CAPTURE, status=status) as given,
    ):
        queue.scored(queue.put("1.2", b""), [Result("1.9", CAPTURE, radiograph(4, SOPClassUID=CAPTURE))])
        Sender(queue, StoreByDimse("CXRTUNE", Peer("SMALL", "127.0.0.1", port)), BackOff(1, 300)).step()
        assert len(given) == 1
    found = read_status(tmp_path / "queue.sqlite")
    assert found.counts[state] == 1
    reasons = {**found.waiting_reasons, **found.aside_reasons}
    assert list(reasons) == ([] if state == "done" else [f"the archive answered {status:04X}"])


def test_an_archive_that_rejects_and_one_that_is_not_there():
    port = free_port()
    delivery = StoreByDimse("CXRTUNE", Peer("OTHER", "127.0.0.1", port))
    result = Result("1.9", CAPTURE, radiograph(4, SOPClassUID=CAPTURE))
    with pytest.raises(ArchiveAwayError, match="the archive cannot be reached"):
        list(delivery.store([result]))
    with (
        small_archive(port, CAPTURE, callers=["SOMEBODY"]),
        pytest.raises(ArchiveAwayError, match="the archive rejects the association"),
    ):
        list(delivery.store([result]))
