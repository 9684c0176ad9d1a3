"""Ctrl-C and SIGTERM as an event, so that nothing is torn apart in the middle.

In charge of: signals. Not in charge of: what ends then.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def until_asked_to_stop(then: Callable[[], object] = lambda: None) -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set while the block runs; ``then`` is called with each of them.

    Both happen in a thread of their own: a signal may come while this one holds the lock that they need.
    """
    stop = threading.Event()

    def end() -> None:
        stop.set()
        then()

    def ask(*_: object) -> None:
        threading.Thread(target=end, daemon=True).start()

    handlers = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
