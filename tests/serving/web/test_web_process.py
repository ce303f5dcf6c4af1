"""`cxrtune serve` as a process: started, asked, watched, stopped."""

import re
import resource
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest
from pydicom.config import disable_value_validation
from web_service import Client, connect, head_of, read_answer, refused

from cxrtune.serving.web.server import listen
from dicom_made import dicom

NAMES = ("Doe", "Jane", "0815", "Miller", "secret")


def test_a_free_port_is_printed_and_the_model_said(process_of, phantoms):
    with process_of() as running, closing(Client(running.port)) as client:
        assert running.url == f"http://127.0.0.1:{running.port}"
        assert client.predict(phantoms[0]).status_code == 200
        time.sleep(0.2)
        assert "torch, float32. Stop with Ctrl-C." in running.text
        assert re.search(r"POST /v1/predictions 200 \d+ ms\n", running.text)
        assert "warning" not in running.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_are_answered_before_the_end(process_of, phantoms, large, number):
    with process_of() as running, connect(running.port) as slow, ThreadPoolExecutor(4) as clients:
        slow.sendall(head_of(Content_Length=len(phantoms[0])) + phantoms[0][:1000])
        with closing(Client(running.port)) as client:
            asked = [clients.submit(client.predict, large) for _ in range(4)]
            while "cxrtune_waiting_images 4.0" not in client.get("/metrics").text:
                time.sleep(0.01)
            running.process.send_signal(number)
            assert [one.result().status_code for one in asked] == [200] * 4
        # Half of this body is still to come.
        slow.sendall(phantoms[0][1000:])
        assert read_answer(slow).status_code == 200
        assert running.process.wait(30) == 0
        with pytest.raises(ConnectionError):
            connect(running.port)
    assert "stopped; what was asked for was answered" in running.text


def no_file():
    # The kernel refuses to let any regular file grow: writing one byte of an image to disk would fail.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_nothing_is_written_to_disk(process_of, large, tmp_path):
    with process_of(before=no_file, environment={"TMPDIR": str(tmp_path)}) as running:
        with closing(Client(running.port)) as client:
            assert len(large) > 5_000_000
            answer = client.predict(("Doe^Jane.png", large), ("Miller.png", large), params={"image": True})
            assert answer.status_code == 200
            assert client.post("/v1/heatmaps", files={"files": large}).status_code == 200
            raw = client.post("/v1/predictions", content=large, headers={"Content-Type": "image/png"})
            assert raw.status_code == 200
        assert not list(tmp_path.iterdir())
        assert running.stop(signal.SIGTERM) == 0
    assert "failed" not in running.text


def test_nothing_of_a_patient_is_in_the_log(process_of, phantoms):
    pixels = np.random.default_rng(0).integers(0, 4096, (200, 200))
    with disable_value_validation():  # as files in the wild are
        strange = [
            dicom(pixels, Modality="Doe"),
            dicom(pixels, PatientBirthDate="Doe", StudyDate="0815", SOPInstanceUID="Jane"),
            dicom(pixels, ViewPosition="Jane Doe"),
        ]
    studies = [
        *strange,
        dicom(pixels),
        dicom(pixels)[:-5000],
        b"Doe^Jane" * 100,
        b"\x89PNG\r\n\x1a\nDoe^Jane",
        phantoms[0] + b"Doe^Jane",
    ]
    with process_of() as running, closing(Client(running.port)) as client:
        for data in studies:
            client.predict(("Doe^Jane-0815.dcm", data), params={"patient": "Jane Doe"})
            answer = client.post(
                "/v1/heatmaps", files={"files": ("Miller.dcm", data)}, params={"finding": "Miller"}
            )
            refused(answer, 422, "invalid_parameter")
        client.get(
            "/v1/patients/Jane-Doe?id=0815", headers={"Authorization": "Bearer secret", "User-Agent": "Doe"}
        )
        client.ask("JANE", "/Doe")
        client.predict(("Doe.png", phantoms[0]), params={"image_side": "Doe"})
        client.post(
            "/v1/predictions", content=b"Doe", headers={"Content-Type": "multipart/form-data; boundary=Doe"}
        )
        with connect(running.port) as connection:
            connection.sendall(b"Doe Jane 0815\r\n\r\n")
            read_answer(connection)
        with connect(running.port) as connection:
            connection.sendall(head_of(Content_Length=1000) + b"Doe^Jane")
        assert client.predict(phantoms[0]).status_code == 200
        assert running.stop(signal.SIGTERM) == 0
    assert running.text.count("POST /v1/predictions") > len(studies)
    for line in running.text.splitlines()[2:]:
        assert not [name for name in NAMES if name in line], line
    # Besides the first two and the last there are only lines of the journal.
    for line in running.text.splitlines()[2:-1]:
        assert re.fullmatch(r"[\d-]+ [\d:,]+ [A-Z()a-z]+ (/[a-z0-9/.]*|\(other\)) \d{3} \d+ ms", line), line


def test_quiet_says_where_it_listens_and_no_more(process_of, phantoms):
    with process_of("--quiet") as running, closing(Client(running.port)) as client:
        assert client.predict(phantoms[0]).status_code == 200
        assert running.stop(signal.SIGTERM) == 0
    assert running.text == f"Listening on {running.url}\n"


def test_wider_than_loopback_without_a_token_is_warned_of(process_of):
    with process_of("--host", "0.0.0.0") as running:
        assert "warning: whoever reaches 0.0.0.0 may use the service: there is no token" in running.text
        assert running.url.startswith("http://127.0.0.1:")


def test_a_token_from_the_environment_or_a_file(process_of, tmp_path, phantoms):
    token = "a-token-of-the-test"
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    for arguments, environment in (((), {"CXRTUNE_TOKEN": token}), (("--token-file", file), {})):
        with (
            process_of(*arguments, "--host", "0.0.0.0", environment=environment) as running,
            closing(Client(running.port)) as client,
        ):
            refused(client.predict(phantoms[0]), 401, "token_missing_or_wrong")
            allowed = client.predict(phantoms[0], headers={"Authorization": f"Bearer {token}"})
            assert allowed.status_code == 200
            assert "warning" not in running.text
        assert token not in running.text


def test_options_reach_the_service(process_of, phantoms):
    options = (
        "--max-megabytes",
        1,
        "--max-files",
        2,
        "--max-pixels",
        5000,
        "--allowed-host",
        "Reader.example",
    )
    with process_of(*options) as running, closing(Client(running.port)) as client:
        accepts = client.get("/v1/model").json()["accepts"]
        assert (accepts["body_bytes"], accepts["files"], accepts["pixels"]) == (2**20, 2, 5000)
        refused(client.predict(*phantoms[:3]), 413, "too_many_files")
        refused(client.predict(phantoms[0]), 422, "unreadable_image")
        assert client.get("/v1/model", headers={"Host": "reader.example"}).status_code == 200
        refused(client.get("/v1/model", headers={"Host": "elsewhere.example"}), 403, "wrong_host")


def test_small_answers_are_not_held_back():
    with listen("127.0.0.1", 0) as taken:
        # What asyncio asks before it sets TCP_NODELAY on what is accepted.
        assert taken.proto == socket.IPPROTO_TCP


class TestRefused:
    def test_a_port_that_is_taken(self, cxrtune, model):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            text = cxrtune("serve", model, "--port", port).refused(2)
        assert f"cannot listen on 127.0.0.1 port {port}: address already in use" in text

    def test_a_host_that_is_not_here(self, cxrtune, model):
        assert "cannot listen on 203.0.113.1" in cxrtune("serve", model, "--host", "203.0.113.1").refused(2)

    def test_no_model(self, cxrtune, tmp_path):
        assert "there is no such model" in cxrtune("serve", tmp_path, "--port", 0).refused(1)

    @pytest.mark.parametrize(
        ("option", "value", "expected"),
        [
            ("--engine", "abacus", "Choose one of: auto, torch"),
            ("--aim", "fame", "Choose one of: throughput, latency"),
            ("--allow", "cats", "modality, multiframe"),
            ("--max-files", 100, "only 64 images may wait"),
        ],
    )
    def test_options_that_cannot_be(self, cxrtune, model, option, value, expected):
        assert expected in cxrtune("serve", model, "--port", 0, option, value).refused(2)

    @pytest.mark.parametrize(
        "content", [b"", b"short", b"sixteen and more with spaces", "sechzehn-und-mehr-ä".encode()]
    )
    def test_tokens_that_are_none(self, cxrtune, model, tmp_path, content):
        (tmp_path / "token").write_bytes(content)
        text = cxrtune("serve", model, "--port", 0, "--token-file", tmp_path / "token").refused(2)
        assert "a token is at least 16 printable ASCII characters" in text

    def test_a_token_file_that_is_not_there(self, cxrtune, model, tmp_path):
        assert "the token cannot be read" in cxrtune(
            "serve", model, "--token-file", tmp_path / "none"
        ).refused(2)
