"""A web server that serves files well, or as badly as a test asks for, one answer after another."""

import hashlib
import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

FOR_EVER = 60.0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        host = self.server.host
        path = urlsplit(self.path).path.lstrip("/")
        with host.lock:
            host.asked[path].append(dict(self.headers.items()))
            turns = host.turns[path]
            turn = turns.pop(0) if turns else host.always.get(path, well)
        with suppress(ConnectionError):
            turn(self, host, path)

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def cut(self):
        """Close the connection in the middle of an answer."""
        self.wfile.flush()
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass


Turn = Callable[[Handler, "Host", str], None]


class Host:
    """The server, its files by name, and what it was asked.

    Attributes:
        files: What it has.
        turns: By file, how it answers the next requests; after that as `always` says, or well.
        asked: By file, the headers of every request.
    """

    def __init__(self, context=None) -> None:
        self.files: dict[str, bytes] = {}
        self.turns: dict[str, list[Turn]] = defaultdict(list)
        self.always: dict[str, Turn] = {}
        self.asked: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.has_validators = True
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.host = self
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = f"{'http' if context is None else 'https'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def ranges(self, name: str) -> list[str | None]:
        """The ranges that were asked for, one a request."""
        return [headers.get("Range") for headers in self.asked[name]]


def tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def _answer(handler, host, path) -> tuple[int, dict[str, str], bytes]:
    """What a good server answers: status, headers, body."""
    content = host.files.get(path)
    if content is None:
        return 404, {}, b"no such file"
    headers = {"Accept-Ranges": "bytes", "Content-Type": "application/gzip"}
    if host.has_validators:
        headers["ETag"] = tag(content)
    asked = handler.headers.get("Range")
    condition = handler.headers.get("If-Range")
    if asked is None or (condition is not None and condition != headers.get("ETag")):
        return 200, headers, content
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    if start >= len(content):
        return 416, headers | {"Content-Range": f"bytes */{len(content)}"}, b""
    place = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return 206, headers | {"Content-Range": place}, content[start:]


def well(handler, host, path) -> None:
    status, headers, body = _answer(handler, host, path)
    handler.head(status, **headers, Content_Length=len(body))
    handler.wfile.write(body)


def drops(after: int) -> Turn:
    """Announces all, sends some, and closes."""

    def turn(handler, host, path):
        status, headers, body = _answer(handler, host, path)
        handler.head(status, **headers, Content_Length=len(body))
        handler.wfile.write(body[:after])
        handler.cut()

    return turn


def stalls(after: int) -> Turn:
    """Announces all, sends some, and says no more."""

    def turn(handler, host, path):
        status, headers, body = _answer(handler, host, path)
        handler.head(status, **headers, Content_Length=len(body))
        handler.wfile.write(body[:after])
        handler.wfile.flush()
        host.closing.wait(FOR_EVER)
        handler.cut()

    return turn


def announces(length: int) -> Turn:
    """Sends all that it was asked for, under another length."""

    def turn(handler, host, path):
        status, headers, body = _answer(handler, host, path)
        handler.head(status, **headers, Content_Length=length)
        handler.wfile.write(body)
        handler.cut()

    return turn


def in_chunks(after: int | None = None) -> Turn:
    """Announces no length; ends properly, or after some bytes without an end."""

    def turn(handler, host, path):
        status, headers, body = _answer(handler, host, path)
        handler.head(status, **headers, Transfer_Encoding="chunked")
        sent = body if after is None else body[:after]
        for start in range(0, len(sent), 10_000):
            piece = sent[start : start + 10_000]
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if after is None:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.cut()

    return turn


def until_it_closes(handler, host, path) -> None:
    """Announces no length at all; the end is where the connection ends."""
    _, headers, body = _answer(handler, host, path)
    handler.head(200, **headers, Connection="close")
    handler.wfile.write(body)
    handler.close_connection = True


def without_end(handler, host, path) -> None:
    """Announces no length, and never stops."""
    _, headers, body = _answer(handler, host, path)
    handler.head(200, **headers, Connection="close")
    while not host.closing.is_set():
        handler.wfile.write(body)


def forgets_ranges(handler, host, path) -> None:
    content = host.files[path]
    handler.head(200, ETag=tag(content), Content_Length=len(content))
    handler.wfile.write(content)


def answers_range(text: str) -> Turn:
    """Sends the right bytes of a range under a wrong Content-Range."""

    def turn(handler, host, path):
        status, headers, body = _answer(handler, host, path)
        if status == 206:
            headers["Content-Range"] = text
        handler.head(status, **headers, Content_Length=len(body))
        handler.wfile.write(body)

    return turn


def says(status: int, body: bytes = b"", **headers: object) -> Turn:
    def turn(handler, host, path):
        handler.head(status, **headers, Content_Length=len(body))
        handler.wfile.write(body)

    return turn


def redirects(to: str, status: int = 302) -> Turn:
    return says(status, Location=to)
