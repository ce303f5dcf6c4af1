"""One engine, small batches, a bounded queue, and deadlines."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from web_service import connect, head_of, read_answer, refused, served

from cxrtune.scoring.loading import load_scorer
from cxrtune.scoring.predictor import Predictor
from cxrtune.serving.web.settings import Batching, ServiceLimits, ServiceSettings
from faulty_decoder import DIES, HANGS, broken_reader, faulty_reader


class HeldEngine:
    """An engine that waits until it is let go; it notes how many images came together."""

    name = "held"

    def __init__(self, engine):
        self._engine = engine
        self.go = threading.Event()
        self.batches = []
        self.fails = False

    def stream(self, images):
        together = list(images)
        self.batches.append(len(together))
        assert self.go.wait(20)
        if self.fails:
            raise RuntimeError("Doe^Jane")
        yield from self._engine.stream(together)


@pytest.fixture
def engine(model):
    return HeldEngine(load_scorer(model, "torch").engine)


@contextmanager
def holding(model, engine, limits=None, batching=None):
    loaded = load_scorer(model, "torch")
    predictor = Predictor(type(loaded)(loaded.info, loaded.identity, engine))
    settings = ServiceSettings(limits or ServiceLimits(), batching or Batching())
    with served(predictor, settings) as client, ThreadPoolExecutor(32) as clients:
        try:
            yield client, lambda image, **more: clients.submit(client.predict, image, **more)
        finally:
            engine.go.set()


def until(condition):
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < 20
        time.sleep(0.01)


def value_of(client, name):
    lines = client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[-1])


def waiting(client):
    return value_of(client, "cxrtune_waiting_images")


def test_images_that_come_while_the_engine_works_go_together(model, engine, phantoms):
    with holding(model, engine) as (client, ask):
        asked = [ask(phantoms[0])]
        until(lambda: engine.batches == [1])
        asked += [ask(data) for data in phantoms[1:12]]
        until(lambda: waiting(client) == 12)
        time.sleep(0.3)
        engine.go.set()
        assert [one.result().status_code for one in asked] == [200] * 12
        assert engine.batches == [1, 8, 3]
        assert value_of(client, "cxrtune_batch_images_sum") == 12


def test_a_full_queue_says_when_to_come_again(model, engine, phantoms):
    with holding(model, engine, ServiceLimits(waiting=4, files=4)) as (client, ask):
        asked = [ask(data) for data in phantoms[:4]]
        until(lambda: waiting(client) == 4)
        answer = client.predict(phantoms[4])
        assert refused(answer, 503, "queue_full") == "4 images are waiting already"
        assert int(answer.headers["retry-after"]) >= 1
        engine.go.set()
        assert [one.result().status_code for one in asked] == [200] * 4
        assert client.predict(phantoms[4]).status_code == 200


def test_a_full_queue_is_told_before_the_body_is_sent(model, engine, phantoms):
    with holding(model, engine, ServiceLimits(waiting=1, files=1)) as (client, ask):
        asked = ask(phantoms[0])
        until(lambda: waiting(client) == 1)
        with connect(client.port) as connection:
            connection.sendall(head_of(Content_Length=10_000_000, Expect="100-continue"))
            refused(read_answer(connection), 503, "queue_full")
        engine.go.set()
        assert asked.result().status_code == 200


def test_many_files_need_as_many_places(model, engine, phantoms):
    with holding(model, engine, ServiceLimits(waiting=4, files=4)) as (client, ask):
        asked = [ask(phantoms[0]), ask(phantoms[1])]
        until(lambda: waiting(client) == 2)
        refused(client.predict(*phantoms[:3]), 503, "queue_full")
        engine.go.set()
        assert [one.result().status_code for one in asked] == [200] * 2


def test_an_answer_that_takes_too_long(model, engine, phantoms):
    with holding(model, engine, ServiceLimits(answer_seconds=0.5)) as (client, _):
        answer = client.predict(phantoms[0])
        assert refused(answer, 503, "too_slow") == "the answer was not ready within 0.5 s"
        engine.go.set()
        until(lambda: waiting(client) == 0)
        assert client.predict(phantoms[0]).status_code == 200


def test_an_engine_that_fails_is_no_end(model, engine, phantoms, caplog):
    engine.fails = True
    engine.go.set()
    with holding(model, engine) as (client, _):
        message = refused(client.predict(phantoms[0]), 500, "internal_error")
        assert message == "the service failed"
        engine.fails = False
        assert client.predict(phantoms[0]).status_code == 200
        assert client.get("/readyz").status_code == 200
    # What the error says may hold anything; the log says what kind it was, and where.
    assert "Doe" not in caplog.text
    assert "failed: RuntimeError at " in caplog.text


class FaultyPredictor(Predictor):
    """Its decoding processes hang and die over some files, as a decoder with a fault would."""

    def reader(self, **options):
        return partial(faulty_reader, super().reader(**options))


def test_decoders_that_hang_or_die_do_not_keep_others_waiting(model, phantoms):
    predictor = FaultyPredictor(load_scorer(model, "torch"))
    settings = ServiceSettings(ServiceLimits(decode_seconds=2), Batching(decoders=2))
    with served(predictor, settings) as client, ThreadPoolExecutor(8) as clients:
        hanging = [clients.submit(client.predict, HANGS) for _ in range(4)]
        dying = [clients.submit(client.predict, DIES) for _ in range(4)]
        for one in hanging:
            assert refused(one.result(), 503, "too_slow") == "decoding took longer than 2 s"
        for one in dying:
            message = refused(one.result(), 422, "unreadable_image")
            assert message == "ended the process that decoded it (SIGSEGV)"
        # In one request with others, only the file itself is refused.
        answer = client.predict(phantoms[0], DIES, phantoms[1])
        assert answer.status_code == 200
        assert ["error" in one and one["error"] is not None for one in answer.json()["results"]] == [
            False,
            True,
            False,
        ]
        assert value_of(client, "cxrtune_ended_decoders") == 9
        assert client.get("/readyz").status_code == 200
        assert client.get("/healthz").status_code == 200


class DeadPredictor(Predictor):
    """Its decoding processes cannot start."""

    def reader(self, **options):
        return broken_reader


def test_a_service_whose_decoders_cannot_start_is_not_ready(model, phantoms):
    with served(DeadPredictor(load_scorer(model, "torch"))) as client:
        refused(client.predict(phantoms[0]), 500, "internal_error")
        refused(client.get("/readyz"), 503, "not_ready")
        assert client.get("/healthz").status_code == 200


def test_many_clients_at_once_get_their_own_answers(service, predictor, phantoms):
    expected = [predictor.predict(data).findings[0].score for data in phantoms]
    with ThreadPoolExecutor(16) as clients:
        asked = [(place % 12, clients.submit(service.predict, phantoms[place % 12])) for place in range(96)]
        for place, one in asked:
            found = one.result().json()["results"][0]["prediction"]["findings"][0]["score"]
            assert found == pytest.approx(expected[place], rel=1e-5)


def test_the_counts(predictor, phantoms):
    with served(predictor) as client:
        client.predict(phantoms[0], ("b.txt", b"no image"))
        client.get("/v1/Jane-Doe")
        text = client.get("/metrics").text
    assert 'cxrtune_requests_total{route="/v1/predictions",status="200"} 1.0' in text
    assert 'cxrtune_requests_total{route="(other)",status="404"} 1.0' in text
    assert 'cxrtune_refusals_total{reason="unreadable_image"} 1.0' in text
    assert "cxrtune_images_total 1.0" in text
    assert "cxrtune_decode_seconds_count 2.0" in text
    assert "process_resident_memory_bytes" in text
    assert "Jane" not in text
