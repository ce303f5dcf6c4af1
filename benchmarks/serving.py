"""What the web service costs, on loopback: latencies, what it adds to the predictor, throughput, and a soak.

    python benchmarks/serving.py MODEL FOLDER [--rounds 5] [--requests 200] [--engine auto]
    python benchmarks/serving.py MODEL FOLDER --soak 10000

FOLDER holds the images. The predictor runs in this process, the service in its own, and the clients, one
thread and one connection each, in this one; all on the same processors. Predictor and service take turns, and
the medians of the rounds are compared.
"""

import argparse
import http.client
import json
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from cxrtune.scoring.predictor import Predictor
from cxrtune.serving.web.refusals import REASONS

BOUNDARY = "----------------benchmark"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
CLIENTS = (1, 4, 16)
TOGETHER = 8


@contextmanager
def service(model: Path, engine: str) -> Iterator[int]:
    """Run the service; yield its port."""
    command = [sys.executable, "-m", "cxrtune", "serve", model, "--port", "0", "--engine", engine, "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield int(re.fullmatch(r"Listening on http://127\.0\.0\.1:(\d+)", line.strip()).group(1))
        finally:
            process.terminate()
        assert process.wait(60) == 0, "the service did not stop cleanly"


def form(*files: bytes) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'.encode() + data
        for data in files
    ]
    return b"\r\n".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def ask(connection: http.client.HTTPConnection, body: bytes, kind: str = FORM) -> tuple[int, bytes]:
    connection.request("POST", "/v1/predictions", body, {"Content-Type": kind})
    answer = connection.getresponse()
    return answer.status, answer.read()


def load(port: int, bodies: list[bytes], clients: int, requests: int) -> tuple[list[float], float]:
    """Return the seconds of every request, and of all together."""
    numbers = iter(range(requests))
    lock = threading.Lock()
    taken = []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                connection.close()
                return
            started = time.perf_counter()
            status, _ = ask(connection, bodies[number % len(bodies)])
            taken.append(time.perf_counter() - started)
            assert status == 200, status

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for one in [pool.submit(client) for _ in range(clients)]:
            one.result()
    return taken, time.perf_counter() - started


def of_predictor(predictor: Predictor, files: list[bytes], requests: int) -> tuple[float, float, float]:
    """Return the median latency, and images a second: in the engine alone, and with decoding."""
    spent = []
    for number in range(requests):
        started = time.perf_counter()
        predictor.predict(files[number % len(files)])
        spent.append(time.perf_counter() - started)
    readings = [predictor.read(files[number % len(files)]) for number in range(requests)]
    started = time.perf_counter()
    for first in range(0, requests, TOGETHER):
        predictor.score(readings[first : first + TOGETHER])
    engine = requests / (time.perf_counter() - started)
    started = time.perf_counter()
    for _ in predictor.predict_many(files[number % len(files)] for number in range(requests)):
        pass
    return statistics.median(spent), engine, requests / (time.perf_counter() - started)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def compare(options: argparse.Namespace, files: list[bytes]) -> None:
    predictor = Predictor.load(options.model, engine=options.engine, aim="latency")
    bodies = [form(data) for data in files]
    alone, engine, whole = [], [], []
    taken = {clients: [] for clients in CLIENTS}
    rates = {clients: [] for clients in CLIENTS}
    medians = []
    of_predictor(predictor, files, 20)
    with service(options.model, options.engine) as port:
        load(port, bodies, 4, 40)
        for _ in range(options.rounds):
            latency, by_engine, with_decoding = of_predictor(predictor, files, options.requests)
            alone.append(latency)
            engine.append(by_engine)
            whole.append(with_decoding)
            for clients in CLIENTS:
                seconds, elapsed = load(port, bodies, clients, options.requests)
                taken[clients] += seconds
                rates[clients].append(options.requests / elapsed)
                if clients == 1:
                    medians.append(statistics.median(seconds))
    print(
        f"{predictor.identity.engine}; {len(files)} images of {statistics.mean(map(len, files)):,.0f} bytes"
    )
    print("\n| clients | p50, ms | p95, ms | p99, ms | images a second |\n|---:|---:|---:|---:|---:|")
    for clients in CLIENTS:
        cuts = statistics.quantiles(taken[clients], n=100)
        cells = [milliseconds(cuts[percent - 1]) for percent in (50, 95, 99)]
        print(f"| {clients} | {' | '.join(cells)} | {statistics.median(rates[clients]):.1f} |")
    added = statistics.median(one - other for one, other in zip(medians, alone, strict=True))
    print(f"\n- Predictor alone: {milliseconds(statistics.median(alone))} ms (p50)")
    print(
        f"- The service adds {milliseconds(added)} ms for one client (median over the rounds of p50 less p50)"
    )
    for name, others in (("the engine alone", engine), ("predict_many, decoding included", whole)):
        share = statistics.median(rate / other for rate, other in zip(rates[16], others, strict=True))
        print(f"- 16 clients reach {share:.0%} of {name} ({statistics.median(others):.1f} images a second)")
    print(f"- No request of {len(CLIENTS) * options.rounds * options.requests:,} failed")


def hostile(chance: random.Random, files: list[bytes]) -> tuple[bytes, str]:
    """Return a body and its content type, valid, broken or hostile."""
    data = chance.choice(files)
    kind = chance.randrange(14)
    cut = chance.randrange(1, len(data))
    flipped = bytearray(data)
    for _ in range(chance.randrange(1, 20)):
        flipped[chance.randrange(len(flipped))] = chance.randrange(256)
    claims = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(chance.randrange(256) for _ in range(17)) + data[33:]
    preamble = bytes(128) + b"DICM" + chance.randbytes(chance.randrange(5000))
    whole = form(data)
    return [
        (whole, FORM),
        (form(*chance.choices(files, k=chance.randrange(1, 5))), FORM),
        (data, "image/png"),
        (form(data, data[:cut]), FORM),
        (form(data[:cut]), FORM),
        (form(bytes(flipped)), FORM),
        (bytes(flipped), "image/jpeg"),
        (claims, "image/png"),
        (preamble, "application/dicom"),
        (whole[: chance.randrange(len(whole))], FORM),
        (form(*[b"x"] * 40), FORM),
        (
            chance.randbytes(chance.randrange(3000)),
            chance.choice([FORM, "image/png", "text/html", "multipart/x"]),
        ),
        (b"", chance.choice([FORM, "application/dicom"])),
        (bytes(70 << 20) if chance.random() < 0.02 else whole.replace(b"files", b"file\0"), FORM),
    ][kind]


def cut_off(port: int, body: bytes) -> None:
    """Send half a request and go away, or no HTTP at all."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        lines = ["POST /v1/predictions HTTP/1.1", "Host: localhost", f"Content-Type: {FORM}"]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
        connection.sendall((head.encode() + body)[: len(body) // 2])


def soak(options: argparse.Namespace, files: list[bytes]) -> None:
    seen = Counter()
    numbers = iter(range(options.soak))
    lock = threading.Lock()
    memory = {}

    def resident(port: int) -> float:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return float(re.search(r"^process_resident_memory_bytes (\S+)", text, re.MULTILINE).group(1))

    def client(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            with lock:
                number = next(numbers, None)
                if number in (1000, None) and number not in memory:
                    memory[number] = resident(port)
            if number is None:
                connection.close()
                return
            chance = random.Random(number)
            body, kind = hostile(chance, files)
            if chance.random() < 0.05:
                cut_off(port, body)
                seen["gone before the answer"] += 1
                continue
            try:
                status, content = ask(connection, body, kind)
            except (ConnectionError, http.client.HTTPException):
                # An oversized body may be answered while it is being sent; http.client does not look.
                assert len(body) > 64 << 20, (number, kind)
                connection.close()
                seen["gone while a body too large was being sent"] += 1
                continue
            reason = "" if status == 200 else json.loads(content)["error"]["reason"]
            assert status == 200 or REASONS[reason].status == status, (status, reason)
            seen[f"{status} {reason}".strip()] += 1

    started = time.perf_counter()
    with service(options.model, options.engine) as port, ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(client, port) for _ in range(8)]:
            one.result()
        memory["end"] = resident(port)
    print(f"{options.soak:,} requests in {time.perf_counter() - started:.0f} s")
    print("\n| answer | requests |\n|---|---:|")
    for answer, count in sorted(seen.items()):
        print(f"| {answer} | {count:,} |")
    if 1000 in memory:
        first, last = memory[1000] / 2**20, memory["end"] / 2**20
        megabytes = f"{first:,.0f} MB after 1,000, {last:,.0f} MB at the end"
        print(f"\nResident memory: {megabytes} ({last / first - 1:+.1%})")
    print("The service stopped cleanly.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--soak", type=int, default=0)
    options = parser.parse_args()
    files = [path.read_bytes() for path in sorted(options.folder.rglob("*.png"))[:100]]
    (soak if options.soak else compare)(options, files)


if __name__ == "__main__":
    main()
