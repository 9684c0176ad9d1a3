"""Asked to end, by Ctrl-C or SIGTERM, once or twice: everything in hand is finished, and nothing is torn."""

import os
import signal
import threading

import pytest

from pipeline.cli.stopping import until_asked_to_stop

#: Nothing here takes this long; it only keeps a broken test from hanging.
PATIENCE = 10


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_each_signal_asks_and_none_of_them_kills(asked: signal.Signals) -> None:
    heard = threading.Semaphore(0)

    with until_asked_to_stop(heard.release) as stop:
        assert not stop.is_set()
        for _ in range(3):
            os.kill(os.getpid(), asked)
            assert heard.acquire(timeout=PATIENCE)
        assert stop.is_set()


def test_afterwards_signals_mean_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with until_asked_to_stop():
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_comes_while_the_event_is_being_waited_for_is_heard() -> None:
    """The waiting thread may hold the very lock that setting the event needs."""
    with until_asked_to_stop() as stop:
        main = threading.get_ident()
        threading.Timer(0, signal.pthread_kill, (main, signal.SIGTERM)).start()
        assert stop.wait(PATIENCE)
