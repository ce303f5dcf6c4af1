"""Everything that a body, a head or a connection can do wrong, over a real socket."""

import struct
import time
from contextlib import ExitStack, closing, suppress

import numpy as np
import psutil
import pytest
from PIL import Image
from web_service import Client, connect, head_of, read_answer, refused, served

from cxrtune.errors import UsageError
from cxrtune.serving.web.settings import MEGABYTE, ServiceLimits, ServiceSettings
from dicom_made import SYNTAXES, dicom
from encoded import chunk, saved

SMALL = ServiceLimits(
    body_bytes=200_000, memory_bytes=400_000, files=3, pixels=500_000, body_seconds=1.0, head_seconds=1.0
)


@pytest.fixture(scope="module")
def strict(predictor):
    """A service with narrow limits."""
    with served(predictor, ServiceSettings(SMALL)) as client:
        yield client


@pytest.fixture(autouse=True)
def _the_service_goes_on(strict, phantoms):
    yield
    assert strict.predict(("a.png", phantoms[0])).status_code == 200


def sent(client, *pieces):
    with connect(client.port) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return read_answer(connection)


def form(*parts, boundary=b"B", end=b"--B--\r\n"):
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + end


def part(data, disposition=b'form-data; name="files"; filename="a.png"', more=b""):
    return b"Content-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + data


def posted(client, body, kind="multipart/form-data; boundary=B"):
    return client.post("/v1/predictions", content=body, headers={"Content-Type": kind})


class TestSize:
    def test_a_body_that_says_that_it_is_too_large_is_not_waited_for(self, strict):
        answer = sent(strict, head_of(Content_Length=10**12, Expect="100-continue"))
        assert refused(answer, 413, "body_too_large") == "the body is larger than 200,000 bytes"

    def test_a_body_that_is_too_large_is_answered_although_nobody_reads_it(self, strict):
        refused(posted(strict, bytes(5 * MEGABYTE), "image/png"), 413, "body_too_large")

    def test_a_body_without_length_that_does_not_end(self, strict):
        piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        with connect(strict.port) as connection:
            connection.sendall(head_of(Transfer_Encoding="chunked"))
            connection.settimeout(0.05)
            started = time.monotonic()
            # It would go on for ever; the service ends it.
            with suppress(ConnectionError, TimeoutError):
                while time.monotonic() - started < 20:
                    connection.sendall(piece)
            assert time.monotonic() - started < 15

    def test_memory_does_not_grow_with_a_body_that_is_too_large(self, predictor):
        with served(predictor, ServiceSettings(ServiceLimits(body_bytes=MEGABYTE))) as client:
            posted(client, bytes(1000), "image/png")
            before = psutil.Process().memory_info().rss
            peak = before

            def endless():
                nonlocal peak
                for _ in range(400):
                    peak = max(peak, psutil.Process().memory_info().rss)
                    yield bytes(MEGABYTE)

            refused(posted(client, endless(), "image/png"), 413, "body_too_large")
            assert peak - before < 40 * MEGABYTE

    def test_all_bodies_together(self, predictor, phantoms):
        limits = ServiceLimits(body_bytes=300_000, memory_bytes=300_000, body_seconds=5)
        with served(predictor, ServiceSettings(limits)) as client, connect(client.port) as slow:
            slow.sendall(head_of(Content_Length=299_999) + bytes(295_000))
            time.sleep(0.3)
            refused(posted(client, bytes(10_000), "image/png"), 503, "memory_full")
            slow.close()
            time.sleep(0.3)
            assert client.predict(phantoms[0]).status_code == 200

    def test_too_many_files(self, strict, phantoms):
        message = refused(strict.predict(*phantoms[:4]), 413, "too_many_files")
        assert message == "there are more than 3 files in the request"


class TestTime:
    def test_a_body_that_stops(self, strict):
        with connect(strict.port) as connection:
            connection.sendall(head_of(Content_Length=1000) + b"\x89PNG")
            answer = read_answer(connection)
            assert "within 1 s" in refused(answer, 408, "body_too_slow")
            assert connection.recv(1) == b""  # and the connection ends

    def test_a_body_that_trickles(self, strict):
        with connect(strict.port) as connection:
            connection.sendall(head_of(Content_Length=1000))
            started = time.monotonic()
            with suppress(ConnectionError):
                while time.monotonic() - started < 20:
                    connection.sendall(b"x")
                    time.sleep(0.05)
            assert time.monotonic() - started < 15

    @pytest.mark.parametrize("head", [b"", b"POST /v1/pred"])
    def test_a_head_that_stops(self, strict, head):
        with connect(strict.port) as connection:
            connection.sendall(head)
            started = time.monotonic()
            assert connection.recv(1) == b""
            assert time.monotonic() - started < 5

    def test_a_second_head_that_stops(self, strict):
        with connect(strict.port) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read_answer(connection).status_code == 200
            connection.sendall(b"GET /hea")
            assert connection.recv(1) == b""

    @pytest.mark.long
    def test_a_thousand_idle_connections(self, service, phantoms):
        with ExitStack() as idle:
            for _ in range(1000):
                idle.enter_context(connect(service.port))
            started = time.monotonic()
            with closing(Client(service.port)) as fresh:
                assert fresh.predict(phantoms[0]).status_code == 200
            assert time.monotonic() - started < 10

    def test_connections_beyond_the_most_are_ended_at_once(self, predictor):
        with served(predictor, ServiceSettings(ServiceLimits(connections=3))) as client, ExitStack() as idle:
            held = [idle.enter_context(connect(client.port)) for _ in range(4)]
            assert held[3].recv(1) == b""


class TestPixels:
    def bomb(self, width, height):
        header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", bytes(50)) + chunk(b"IEND", b"")

    @pytest.mark.parametrize("side", [800, 20_000, 2_000_000])
    def test_a_png_that_claims_too_many(self, strict, side):
        started = time.monotonic()
        message = refused(strict.predict(self.bomb(side, side)), 422, "unreadable_image")
        assert message == f"claims {side} x {side} pixels, more than 500,000"
        assert time.monotonic() - started < 1

    def test_a_jpeg_that_claims_too_many(self, strict):
        data = bytearray(saved(Image.new("L", (40, 40)), "JPEG"))
        frame = data.index(b"\xff\xc0")
        data[frame + 5 : frame + 9] = struct.pack(">HH", 3000, 2000)
        message = refused(strict.predict(bytes(data)), 422, "unreadable_image")
        assert message == "claims 2000 x 3000 pixels, more than 500,000"

    @pytest.mark.parametrize("name", ["explicit", "RLE", "JPEG 2000"])
    def test_a_dicom_file_that_claims_too_many(self, strict, name):
        data = dicom(np.zeros((40, 40), int), SYNTAXES[name], Rows=3000, Columns=2000)
        message = refused(posted(strict, data, "application/dicom"), 422, "unreadable_image")
        assert message == "claims 2000 x 3000 pixels, more than 500,000"

    def test_a_deflated_file_that_inflates_without_end(self, predictor):
        huge = dicom(np.zeros((12_000, 12_000), int), SYNTAXES["deflated"], bits=16)
        assert len(huge) < MEGABYTE
        with served(predictor, ServiceSettings(ServiceLimits(body_bytes=MEGABYTE))) as client:
            message = refused(posted(client, huge, "application/dicom"), 422, "unreadable_image")
            assert message.startswith("inflates to more than")


class TestKind:
    @pytest.mark.parametrize(
        "kind", ["application/json", "text/plain", "application/octet-stream", "image/gif", "", "é"]
    )
    def test_other_content_types(self, strict, phantoms, kind):
        content = sent(
            strict, head_of(kind=kind, Content_Length=4).decode("latin-1").encode("latin-1"), b"abcd"
        )
        assert "neither a form nor an image" in refused(content, 415, "unsupported_media_type")

    def test_no_content_type(self, strict):
        refused(sent(strict, head_of(kind=None, Content_Length=4), b"abcd"), 415, "unsupported_media_type")

    def test_a_compressed_body(self, strict):
        answer = sent(strict, head_of(Content_Encoding="gzip", Content_Length=4), b"abcd")
        assert refused(answer, 415, "unsupported_media_type") == "the body is compressed"

    @pytest.mark.parametrize("changes", [{"Modality": "CT"}, {"ViewPosition": "LL"}, {"NumberOfFrames": 7}])
    def test_dicom_that_is_no_radiograph(self, strict, changes):
        data = dicom(np.full((40, 40), 9), **changes)
        answer = strict.predict(("a.dcm", data))
        refused(answer, 422, "unreadable_image")
        assert "Doe" not in answer.text

    def test_dicom_without_pixels(self, strict):
        data = dicom(np.full((40, 40), 9), PixelData=None)
        refused(strict.predict(("a.dcm", data)), 422, "unreadable_image")


class TestForm:
    def test_a_form_that_is_cut_off(self, strict, phantoms):
        body = form(part(phantoms[0]))
        for cut in (len(body) - 4, len(body) // 2, 30):
            refused(posted(strict, body[:cut]), 400, "malformed_body")

    def test_a_client_that_goes_away(self, strict):
        with connect(strict.port) as connection:
            connection.sendall(head_of(Content_Length=1000) + b"\x89PNG")

    @pytest.mark.parametrize(
        ("kind", "message"),
        [
            ("multipart/form-data", "the form's boundary has 0 bytes, expected 1 to 70"),
            (
                f"multipart/form-data; boundary={'b' * 71}",
                "the form's boundary has 71 bytes, expected 1 to 70",
            ),
            ("multipart/form-data; boundary=other", "the form is malformed"),
        ],
    )
    def test_a_boundary_that_is_none(self, strict, phantoms, kind, message):
        assert refused(posted(strict, form(part(phantoms[0])), kind), 400, "malformed_body") == message

    @pytest.mark.parametrize("body", [form(), b""])
    def test_nothing_in_it(self, strict, body):
        assert posted(strict, body).json()["error"]["reason"] in ("no_file", "malformed_body")

    def test_an_empty_raw_body(self, strict):
        assert refused(posted(strict, b"", "image/png"), 400, "no_file") == "the body is empty"

    def test_an_empty_file(self, strict):
        refused(posted(strict, form(part(b""))), 422, "unreadable_image")

    @pytest.mark.parametrize(
        "disposition", [b'form-data; name="file"', b"form-data", b"", b'form-data; name="note"']
    )
    def test_another_field(self, strict, phantoms, disposition):
        message = refused(posted(strict, form(part(phantoms[0], disposition))), 400, "no_file")
        assert message == "the form has another field than `files`"

    def test_an_encoded_part(self, strict, phantoms):
        body = form(part(phantoms[0], more=b"Content-Transfer-Encoding: base64\r\n"))
        refused(posted(strict, body), 400, "malformed_body")

    @pytest.mark.parametrize("more", [b"X: " + b"y" * 20_000 + b"\r\n", b"X: y\r\n" * 500, b"\0: \xff\r\n"])
    def test_strange_headers_of_a_part(self, strict, phantoms, more):
        refused(posted(strict, form(part(phantoms[0], more=more))), 400, "malformed_body")

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            (b"../../etc/passwd", "passwd"),
            (b"..\\\\..\\\\windows\\\\system.ini", "system.ini"),
            (b"/etc/cron.d/x", "x"),
            (b"C:\\\\a.png", "a.png"),
            (b"..", None),
            (b"", None),
            (b"a\x00b\x1b[31m.png", "ab[31m.png"),
            (b"<script>alert(1)<!--.png", "<script>alert(1)<!--.png"),
            (b"\xff\xfe.png", "��.png"),
            (b"x" * 2000, "x" * 200),
        ],
    )
    def test_tricks_in_names(self, strict, phantoms, given, shown):
        disposition = b'form-data; name="files"; filename="' + given + b'"'
        answer = posted(strict, form(part(phantoms[0], disposition)))
        if answer.status_code == 200:
            assert answer.json()["results"][0]["name"] == shown
        else:
            refused(answer, 400, "malformed_body")


class TestHttp:
    @pytest.mark.parametrize(
        "head",
        [
            b"HELLO\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS on a plain port
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"POST /v1/predictions HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
            b"POST /v1/predictions HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        ],
    )
    def test_what_is_no_http(self, strict, head):
        with connect(strict.port) as connection:
            connection.sendall(head + b"\r\n\r\n")
            refused(read_answer(connection), 400, "invalid_http")

    def test_a_head_without_end(self, strict):
        with connect(strict.port) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
            started = time.monotonic()
            with suppress(ConnectionError):
                while time.monotonic() - started < 20:
                    connection.sendall(bytes(1000).replace(b"\0", b"y"))
            assert time.monotonic() - started < 5

    def test_other_addresses_and_methods(self, strict):
        refused(strict.get("/v1/nothing"), 404, "not_found")
        refused(strict.get("/page/../settings.py"), 404, "not_found")
        refused(strict.get("/page/%2e%2e/settings.py"), 404, "not_found")
        refused(strict.get("/v1/predictions"), 405, "method_not_allowed")
        assert strict.get("/v1/predictions").headers["allow"] == "POST"
        refused(strict.ask("DELETE", "/v1/model"), 405, "method_not_allowed")
        refused(strict.ask("BREW", "/"), 405, "method_not_allowed")

    def test_a_web_socket(self, strict):
        with connect(strict.port) as connection:
            connection.sendall(
                b"GET /v1/predictions HTTP/1.1\r\nHost: localhost\r\n"
                b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            refused(read_answer(connection), 405, "method_not_allowed")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"files": 10, "waiting": 5}, "a request may have 10 files, but only 5 images may wait"),
        ({"body_bytes": 2**40}, "but all of them together"),
        ({"pixels": 10**9}, "are more than the decoder takes"),
        ({"body_seconds": 0}, "the limit body_seconds is 0"),
    ],
)
def test_limits_that_contradict_each_other(limits, message):
    with pytest.raises(UsageError, match=message):
        ServiceLimits(**limits)
