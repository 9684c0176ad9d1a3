"""Web servers in threads of one process: bind first, so that a busy port is a sentence.

In charge of: sockets, threads, quiet stopping. Not in charge of: what is served.
"""

import errno
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from pipeline.errors import EnvironmentRefusedError, Place

_PORTS_TRIED = 50


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on ``host:port``. Raises EnvironmentRefusedError for a busy or forbidden port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        busy = error.errno == errno.EADDRINUSE
        what = "is taken by another program" if busy else f"cannot be used: {error.strerror}"
        raise EnvironmentRefusedError(
            f"Port {port} on {host} {what}.",
            where=Place(key="web.staff_port or web.public_port"),
            mend="stop that program (is the pipeline running already?) or choose another port",
        ) from error
    return listener


def bind_near(host: str, port: int) -> socket.socket:
    """As ``bind``, but takes the next free port after ``port``; for previews and the demo."""
    for candidate in range(port, port + _PORTS_TRIED):
        try:
            return bind(host, candidate)
        except EnvironmentRefusedError as error:
            busy = error
    raise busy


@contextmanager
def serving(app: ASGIApp, listener: socket.socket) -> Iterator[str]:
    """Serve ``app`` on ``listener`` in a thread while the block runs; gives the address to open.

    Raises EnvironmentRefusedError where the server does not come up within ten seconds.
    """
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, date_header=True, lifespan="off",
        timeout_graceful_shutdown=3,
        # Whom a request comes from is found in ``limits``, by the proxies that the clinic names.
        proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="web")
    thread.start()
    _wait_until_up(server, thread)
    host, port = listener.getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def _wait_until_up(server: uvicorn.Server, thread: threading.Thread) -> None:
    patience = time.monotonic() + 10
    while not server.started:
        if not thread.is_alive() or time.monotonic() > patience:
            raise EnvironmentRefusedError("The web server did not start.", mend="look at the lines above")
        time.sleep(0.01)
