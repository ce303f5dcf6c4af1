"""What Ctrl-C and `kill` mean within a block, and that they mean what they meant before after it."""

import os
import signal
import threading

import pytest

from cxrtune.stopping import STOP_SIGNALS, Stopped, raising_stopped, setting_on_stop

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals to oneself are POSIX's")


@pytest.fixture(autouse=True)
def as_before():
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    yield
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_command_ends_as_by_an_error(number):
    with pytest.raises(Stopped) as stopped, raising_stopped():
        signal.raise_signal(number)
    assert stopped.value.signal == number
    assert not isinstance(stopped.value, Exception)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_service_is_told_and_goes_on_to_its_end(number):
    stop = threading.Event()
    with raising_stopped(), setting_on_stop(stop):
        os.kill(os.getpid(), number)
        assert stop.wait(10)


def test_another_thread_changes_nothing():
    seen = []

    def work():
        with raising_stopped():
            seen.extend(signal.getsignal(number) for number in STOP_SIGNALS)

    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == before
