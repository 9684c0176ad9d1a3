"""A mail API that does nothing: reads a request's body and answers in the API's shape.

In charge of: taking requests with as little work as possible, in a process of its own, so that only the
sending side is measured. Not in charge of: judging what came (``demo.standin`` and the tests do).

    python -m benchmarks.sink [milliseconds that each answer takes]
"""

import argparse
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

_ITEM: Final = b'{"ErrorCode":0,"Message":"OK","MessageID":"%08x-e38e-4336-af7d-e6c392c2f817"}'
_ENTRY: Final = b'{"Status":"SUCCESS","MessageId":"0100018b-e38e-4336"}'
#: By the end of the path: what an item of the request is known by, and what the answer says of each.
_BATCHES: Final = {
    b"/email/batch": (b'"delivery_key"', _ITEM, b"[%b]"),
    b"/outbound-bulk-emails": (b'"Destination"', _ENTRY, b'{"BulkEmailEntryResults":[%b]}'),
}
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_OTHERS: Final = b'{"id":"<1@sink>","message":"Queued","MessageId":"1"}'


@contextmanager
def sink(milliseconds: int = 0) -> Iterator[str]:
    """The address of a sink whose every answer takes so long."""
    command = [sys.executable, "-m", "benchmarks.sink", str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own words
        assert process.stdout is not None, "asked for above"
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def _serve(connection: socket.socket, seconds: float) -> None:
    with connection, connection.makefile("rb", buffering=1 << 20) as stream:
        while line := stream.readline():
            head = b"".join(iter(stream.readline, b"\r\n"))
            length = _LENGTH.search(head)
            body = stream.read(int(length[1]) if length else 0)
            time.sleep(seconds)
            connection.sendall(_answer(line.split()[1], body))


def _answer(path: bytes, body: bytes) -> bytes:
    said = _ITEM % 0 if path.endswith(b"/email") else _OTHERS
    status = b"202 Accepted" if path.endswith(b"/mail/send") else b"200 OK"
    for end, (known_by, each, whole) in _BATCHES.items():
        if path.endswith(end):
            count = body.count(known_by)
            items = [each % number if b"%" in each else each for number in range(count)]
            said = whole % b",".join(items)
    return (
        b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nX-Message-Id: 1\r\nContent-Length: %d\r\n\r\n%b"
        % (status, len(said), said)
    )


def main() -> None:
    """Print the port, then serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sink")
    parser.add_argument("milliseconds", type=int, nargs="?", default=0)
    seconds = cast("int", parser.parse_args().milliseconds) / 1000
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_serve, args=(connection, seconds), daemon=True).start()


if __name__ == "__main__":
    main()
