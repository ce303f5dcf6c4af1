"""A service on a real socket, and a client that lets no undocumented answer pass."""

import asyncio
import socket
import threading
from contextlib import contextmanager

import httpx

from cxrtune.serving.web.guard import HEADERS
from cxrtune.serving.web.refusals import REASONS
from cxrtune.serving.web.server import listen, make_server
from cxrtune.serving.web.settings import ServiceSettings

SECONDS = 30


class Client:
    """Asks one service; every answer must be one that its OpenAPI document knows."""

    def __init__(self, port, **headers):
        self.port = port
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=SECONDS, headers=headers, trust_env=False
        )
        self.paths = self.http.get("/openapi.json").json()["paths"]

    def close(self):
        self.http.close()

    def ask(self, method, path, **options):
        return self.checked(path, self.http.request(method, path, **options))

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, **options):
        return self.ask("POST", path, **options)

    def predict(self, *files, **options):
        return self.post("/v1/predictions", files=[("files", file) for file in files], **options)

    def checked(self, path, answer):
        check_answer(answer)
        operations = self.paths.get(path.partition("?")[0], {})
        documented = {status for operation in operations.values() for status in operation["responses"]}
        assert not documented or str(answer.status_code) in documented, answer.status_code
        return answer


def check_answer(answer):
    """Every answer has the headers; one that is no success has the one shape, with a reason of its status."""
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers["cache-control"] in ("no-store", "no-cache")
    if answer.status_code >= 400:
        content = answer.json()
        assert set(content) <= {"error", "results"}
        error = content["error"]
        assert REASONS[error["reason"]].status == answer.status_code
        assert error["message"]
        assert (answer.status_code == 503) == ("retry-after" in answer.headers)
        for result in content.get("results", []):
            assert result["error"]["reason"] in REASONS


def refused(answer, status, reason):
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["reason"] == reason
    return answer.json()["error"]["message"]


@contextmanager
def served(predictor, settings=None, **headers):
    """Run the service in a thread; yield a client."""
    ready = threading.Event()
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        server = make_server(predictor, settings or ServiceSettings(), ready.set)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[taken])))
        thread.start()
        assert ready.wait(SECONDS)
        client = Client(port, **headers)
        try:
            yield client
        finally:
            client.close()
            server.should_exit = True
            thread.join(SECONDS)
            assert not thread.is_alive()


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def head_of(path="/v1/predictions", kind="image/png", **more):
    """The head of a request, by hand; None leaves a header out."""
    headers = {"Host": "127.0.0.1", "Content-Type": kind} | {
        name.replace("_", "-"): value for name, value in more.items()
    }
    lines = [
        f"POST {path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items() if value is not None),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def read_answer(connection):
    """Read one answer from a socket, as httpx would show it."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        assert piece, f"the connection ended after {data!r}"
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    length = int({name.lower(): value for name, value in headers.items()}["content-length"])
    while len(body) < length:
        piece = connection.recv(65536)
        assert piece
        body += piece
    answer = httpx.Response(int(status.split()[1]), headers=headers, content=body)
    check_answer(answer)
    return answer
