"""The other side of ``template_process``: runs one order within its limits, or forks a child for each.

In charge of: setting the limits, running, answering; and, as the warm parent, forking without ever reading an
order itself. Not in charge of: who asks (``template_process``, ``template_parent``).

    python -m pipeline.rendering.template_child            one order from stdin, its answer to stdout
    python -m pipeline.rendering.template_child --serve    stdin is a socket that brings one socket per order

The parent only forks: no template and no word of an order is ever in it, so nothing passes from one run to
the next. Between the parent and each child stands a keeper that tells how the child ended.
"""

import gc
import json
import math
import os
import pickle
import resource
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO, NoReturn

from jinja2 import Environment

from pipeline.errors import Place, TemplateError
from pipeline.rendering.loader import Job, OutOfTimeError, TemplateSource, place_of, run_here
from pipeline.rendering.texts import catalog_for

#: By the clock, for saying where a template was when its time ran out; in seconds.
_MOMENT = 20


def work(orders: BinaryIO, answers: BinaryIO) -> None:
    """Do the order that ``orders`` holds within its own limits; one JSON answer to ``answers``."""
    source, jobs, megabytes, seconds, patience = pickle.load(orders)  # noqa: S301 - written by our own side
    memory = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # The limit counts work, not waiting, so that a busy machine refuses no template that is right. The
    # clock only catches what waits for ever. The kernel keeps both, also when nobody is left to ask for it.
    signal.signal(signal.SIGXCPU, _out_of_time)
    signal.signal(signal.SIGALRM, _out_of_time)
    # What the imports took is not the template's.
    last = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (last, last + 1))
    signal.setitimer(signal.ITIMER_REAL, patience)
    answers.write(json.dumps(_done(source, jobs)).encode())
    answers.flush()


def _done(source: TemplateSource, jobs: Sequence[Job]) -> dict[str, object]:
    try:
        return {"outputs": run_here(source, jobs)}
    except (MemoryError, OutOfTimeError) as error:
        return {
            "limit": "memory" if isinstance(error, MemoryError) else "time",
            **_told(_spot(error, source)),
        }
    except TemplateError as error:
        return {"what": error.what, "mend": error.mend, **_told(error.where or Place())}


def _spot(error: Exception, source: TemplateSource) -> Place:
    try:
        return place_of(error, source, str(source.folders[0] / "email"))
    except MemoryError:
        return Place(file=str(source.folders[0] / "email"))


def _told(where: Place) -> dict[str, object]:
    return {"file": where.file, "line": where.line, "key": where.key}


def _out_of_time(number: int, frame: object) -> NoReturn:
    # A moment remains to say which line it was. What is stuck in one long step never gets here: the hard
    # limit of the processor's time kills it.
    signal.signal(number, signal.SIG_IGN if number == signal.SIGXCPU else signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, _MOMENT)
    raise OutOfTimeError


def serve(control: socket.socket) -> None:
    """Fork for every socket that comes in; when nobody holds the other end any more, end all at once.

    Call it only in a process that leads its own group and has no second thread.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _load()
    while True:
        try:
            _, handles, _, _ = socket.recv_fds(control, 1, 1)
        except ConnectionError:
            handles = []
        if not handles:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        if os.fork() == 0:
            # Else the asker could not tell that the parent is gone.
            control.close()
            _keep(socket.socket(fileno=handles[0]))
        os.close(handles[0])


def _load() -> None:
    """Bring in what the first use of these libraries brings in, so that no child has to."""
    catalog_for("en-US", {}).number(1)
    Environment(extensions=["jinja2.ext.i18n"]).from_string("{{ word }}").render(word="")  # noqa: S701 - no page
    gc.collect()
    gc.freeze()


def _keep(connection: socket.socket) -> None:
    """Let a child do the order of ``connection``, then add the signal that ended it, or 0; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        _work_and_end(connection)
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        connection.sendall(b"\n%d" % (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0))
    os._exit(0)


def _work_and_end(connection: socket.socket) -> None:
    code = 1
    try:
        with connection.makefile("rb") as orders, connection.makefile("wb") as answers:
            work(orders, answers)
        code = 0
    finally:
        # Nothing of the parent's may run twice: no exit handler, no buffer written again.
        os._exit(code)


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve(socket.socket(fileno=sys.stdin.fileno()))
    else:
        work(sys.stdin.buffer, sys.stdout.buffer)
