"""A process that has loaded what templates need, and forks a child per run in milliseconds.

In charge of: starting it at the first run, asking it, noticing that it is gone, ending it with us. Not in
charge of: what runs there (``template_child``) or what an answer means (``template_process``).

Starting an interpreter and importing Jinja2 and Babel takes about a second; a fork of one that has done so
takes a hundredth of it.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds")
_MODULE = "pipeline.rendering.template_child"
#: How much longer than the child may take we wait for the word that it ended; in seconds.
_GRACE = 60


class ParentLostError(Exception):
    """The process was killed, or did not come up. Never shown: the caller has another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: what it wrote, and the signal that stopped it, if one did."""

    output: bytes
    signal: int | None = None


class WarmParent:
    """One such process, started when first asked; safe to ask from several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = os.getpid()
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """The process, and the group of whatever it forked; None where none runs."""
        return self._process.pid if self._process else None

    def ask(self, order: bytes, *, patience: float) -> Ended:
        """Let a child do ``order``. ``patience`` is how long the child lets itself run, in seconds.

        Raises ParentLostError where no answer came because the process is gone.
        """
        here, there = socket.socketpair()
        with here:
            with there:
                asked = self._hand_over(there)
            here.settimeout(patience + _GRACE)
            try:
                here.sendall(order)
                here.shutdown(socket.SHUT_WR)
                told = b"".join(iter(lambda: here.recv(1 << 20), b""))
            except TimeoutError:
                self._end(asked)
                return Ended(output=b"", signal=signal.SIGALRM)
            except OSError:
                told = b""
        output, mark, ended_by = told.rpartition(b"\n")
        if not mark or not ended_by.isdigit():
            # Killed between our order and its answer: what else it forked must not run on without it.
            self._end(asked)
            raise ParentLostError
        return Ended(output=output, signal=int(ended_by) or None)

    def close(self) -> None:
        """End the process and whatever runs below it; the next run starts another."""
        self._end(self._process)

    def _hand_over(self, connection: socket.socket) -> subprocess.Popen[bytes] | None:
        """Give our end of ``connection`` to the process, which is returned; a dead one is replaced once."""
        for _ in range(2):
            with self._lock:
                control, asked = self._running(), self._process
                try:
                    socket.send_fds(control, [b"+"], [connection.fileno()])
                except OSError:
                    pass
                else:
                    return asked
            self._end(asked)
        raise ParentLostError

    def _running(self) -> socket.socket:
        if self._owner != os.getpid():
            # We are a fork: the process belongs to whoever started it.
            self._process, self._control, self._owner = None, None, os.getpid()
        if self._control is None:
            self._control, theirs = socket.socketpair()
            command, details = start_details()
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
                    [*command, "--serve"],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    # Ctrl-C in the terminal is for us; and its group is what we end.
                    start_new_session=True,
                    **details,
                )
        return self._control

    def _end(self, process: subprocess.Popen[bytes] | None) -> None:
        """End ``process`` and its group, unless somebody did so already."""
        with self._lock:
            if process is None or process is not self._process or self._owner != os.getpid():
                return
            assert self._control is not None, "a process has its socket"
            self._control.close()
            # Not yet waited for, so the number is still its own.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._process, self._control = None, None


def start_details() -> tuple[list[str], dict[str, Any]]:
    """The command of a child's interpreter, and its folder and environment: no secret of ours is in it."""
    paths = os.pathsep.join(path for path in sys.path if path)
    details = {
        "cwd": Path(__file__).resolve().parents[2],
        "env": {"PYTHONPATH": paths, "PYTHONUTF8": "1"},
    }
    return [sys.executable, "-m", _MODULE], details
