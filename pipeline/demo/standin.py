"""A mail API of this machine: takes messages over real HTTP, keeps them, mails nobody.

In charge of: the HTTP side, and acting out faults. Not in charge of: what a request of which API looks like
(``shapes``), what is kept (``accepted``), when a fault happens (``faults``).

``POST /send`` takes one message as ``shapes.GENERIC_BODY`` has it and honours ``Idempotency-Key``; the
paths of Postmark, Amazon SES, Mailgun, SendGrid, Resend and Brevo take their shapes. ``GET /`` says how
many messages were taken. It listens on loopback only.

As a process of its own: ``python -m pipeline.demo.standin --port 8625 --folder standin``.
"""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

from pipeline.demo.accepted import AcceptedLog, Taken, read_log
from pipeline.demo.faults import NOT_TAKEN, Call, Fault, FaultPlan, at_random, no_faults
from pipeline.demo.shape import IDEMPOTENCY_HEADER, Reply, Request, Shape
from pipeline.demo.shapes import GENERIC_BODY, shape_at
from pipeline.errors import EnvironmentRefusedError, PipelineError, Place
from pipeline.rendering.model import Message

__all__ = ["GENERIC_BODY", "IDEMPOTENCY_HEADER", "Standin", "main"]

_STATUS: Final = {
    Fault.TOO_MANY: 429,
    Fault.TOO_MANY_SILENT: 429,
    Fault.ERROR_AFTER: 500,
    Fault.ERROR_BEFORE: 500,
    Fault.BAD_GATEWAY: 502,
    Fault.GATEWAY_TIMEOUT: 504,
    Fault.UNAVAILABLE: 503,
    Fault.UNAUTHORIZED: 401,
    Fault.REDIRECT: 307,
}
_TRICKLE_SECONDS: Final = 0.05


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class Standin:
    """The running stand-in; a context manager that starts and stops it."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        plan: FaultPlan = no_faults,
        latency_seconds: float = 0.0,
        keep_mail: bool = True,
        clock: Callable[[], datetime] = _wall_clock,
    ) -> None:
        """Listen on loopback ``port`` (0: any free one); see ``AcceptedLog`` for ``folder``.

        Raises EnvironmentRefusedError for a busy port or a folder that cannot be written.
        """
        self.folder = folder
        self.plan = plan
        self.latency_seconds = latency_seconds
        self.stopping = threading.Event()
        self.log = AcceptedLog(folder, clock=clock, keep_mail=keep_mail)
        self._numbers = 0
        self._lock = threading.Lock()
        try:
            self._server = _Server(("127.0.0.1", port), _Handler)
        except OSError as error:
            self.log.close()
            raise EnvironmentRefusedError(
                f"The mail stand-in cannot listen on port {port}: {error.strerror}.",
                where=Place(key="port"),
                mend="stop what uses the port, or choose another",
            ) from error
        self._server.standin = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer nothing more, and let go of port and log."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self.log.close()

    def taken(self) -> list[Taken]:
        """Everything accepted so far, from the log on disk."""
        return read_log(self.folder / "accepted.jsonl")

    def fault_for(self, keys: tuple[str, ...]) -> Fault:
        """What goes wrong with the request that carries these delivery keys."""
        with self._lock:
            self._numbers += 1
            return self.plan(Call(number=self._numbers, keys=keys))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    standin: Standin

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as inherited
        """A client that hangs up is what this server is for; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    #: Headers and body leave in one segment.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Silent: a request line is nobody's business."""

    def do_GET(self) -> None:
        """How many messages were taken."""
        self._answer(200, {"accepted": len(self.server.standin.taken())})

    def do_POST(self) -> None:
        """Take messages, or do what the fault says."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        shape = shape_at(self.path)
        if shape is None:
            self._answer(404, {"Message": "no such address"})
            return
        request = Request(headers={name.lower(): value for name, value in self.headers.items()}, body=body)
        try:
            messages = shape.read(request)
        except (ValueError, KeyError, TypeError):
            self._answer(422, {"ErrorCode": 300, "Message": "not a message"})
            return
        standin = self.server.standin
        if standin.latency_seconds:
            standin.stopping.wait(standin.latency_seconds)
        fault = standin.fault_for(tuple(message.key for message in messages))
        self._act(fault, shape, messages, once=shape.once(request))

    def _act(self, fault: Fault, shape: Shape, messages: Sequence[Message], *, once: bool) -> None:
        log = self.server.standin.log
        if fault is Fault.FAILED_ITEMS:
            self._refuse_some(shape, messages, once=once)
            return
        ids: Sequence[str] = () if fault in NOT_TAKEN else log.take(messages, once=once)
        if fault in _STATUS:
            self._answer(_STATUS[fault], {"Message": fault.value}, _extra_headers(fault))
        elif fault is Fault.WRONG_COUNT:
            self._reply(shape.accepted(ids[1:] if shape.itemised else []))
        elif fault is Fault.NONE:
            self._reply(shape.accepted(ids))
        else:
            self._break_off(fault)

    def _refuse_some(self, shape: Shape, messages: Sequence[Message], *, once: bool) -> None:
        if not shape.itemised:
            self._reply(shape.refused)
            return
        good = iter(self.server.standin.log.take(messages[1::2], once=once))
        self._reply(shape.accepted([None if at % 2 == 0 else next(good) for at in range(len(messages))]))

    def _reply(self, reply: Reply) -> None:
        self._answer(reply.status, reply.body, reply.headers)

    def _break_off(self, fault: Fault) -> None:
        if fault is Fault.GARBAGE:
            self._answer(200, "<html>it works</html>")
            return
        self.close_connection = True
        if fault in {Fault.SLOW, Fault.HALF}:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b'{"id": "')
            self.wfile.flush()
            while fault is Fault.SLOW and not self.server.standin.stopping.wait(_TRICKLE_SECONDS):
                self.wfile.write(b"0")
                self.wfile.flush()

    def _answer(self, status: int, data: object, headers: Mapping[str, str] | None = None) -> None:
        body = data.encode() if isinstance(data, str) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _extra_headers(fault: Fault) -> dict[str, str]:
    if fault is Fault.TOO_MANY:
        return {"Retry-After": "7"}
    return {"Location": "/elsewhere"} if fault is Fault.REDIRECT else {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted; the first line printed is the address."""
    parser = argparse.ArgumentParser(
        prog="pipeline.demo.standin", description="A mail API that mails nobody."
    )
    parser.add_argument("--port", type=int, default=8625, help="loopback port; 0 takes any free one")
    parser.add_argument("--folder", type=Path, default=Path("standin"), help="where the log and the mail go")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--rate", type=float, default=0.0, help="share of requests that go wrong, 0 to 1")
    parser.add_argument("--fault", type=Fault, action="append", help="a kind of fault; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="repeats the same faults")
    parser.add_argument("--log-only", action="store_true", help="write no .eml files")
    options = parser.parse_args(arguments)
    plan = at_random(options.fault or list(Fault), rate=options.rate, seed=options.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with Standin(options.folder, port=options.port, plan=plan, latency_seconds=options.latency,
                     keep_mail=not options.log_only) as standin:  # fmt: skip
            print(standin.url, flush=True)
            while True:
                time.sleep(3600)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
