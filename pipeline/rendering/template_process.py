"""Templates run in a process of their own, with limits of time and memory.

In charge of: a ``loader.Runner`` that an endless loop or a huge value cannot hurt. Not in charge of:
what templates may do (the sandbox in ``loader``) or choosing this runner (``app`` hands it in).

The child gets jobs by pickle from us, and answers in JSON: whatever a template did there, nothing that
comes back is executed. It is started fresh for each edition, so a limit that was hit leaves nothing.
"""

import json
import math
import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import Place, TemplateError
from pipeline.rendering.loader import Job, TemplateSource, run_here

#: The longest article compiles in well under a second; a template that takes longer is stuck.
SECONDS = 10
#: Address space. The interpreter with Jinja2 and Babel takes about 100 MB of it.
MEGABYTES = 600
#: How much longer than its work a run may take by the clock.
_PATIENCE = 6
_MODULE = "pipeline.rendering.template_process"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedRunner:
    """Runs jobs in a child process; a ``loader.Runner``."""

    seconds: float = SECONDS
    megabytes: int = MEGABYTES

    def __call__(self, source: TemplateSource, jobs: Sequence[Job]) -> tuple[str, ...]:
        """The output of ``jobs`` in order.

        Raises TemplateError as ``loader.run_here`` does, and when a limit is hit.
        """
        order = pickle.dumps((source, list(jobs), self.megabytes, self.seconds))
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and our own module
                [sys.executable, "-m", _MODULE],
                input=order,
                capture_output=True,
                timeout=self.seconds * _PATIENCE,
                check=False,
                cwd=_package_parent(),
                env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1"},
            )
        except subprocess.TimeoutExpired:
            done = None
        if done is None or done.returncode < 0:
            raise TemplateError(
                f"A template ran for more than {self.seconds:g} seconds and was stopped.",
                where=Place(file=str(source.folders[0] / "email")),
                mend="look for a loop that does not end",
            )
        return _answer(done.stdout, source, self.megabytes)


def _answer(stdout: bytes, source: TemplateSource, megabytes: int) -> tuple[str, ...]:
    try:
        answer = json.loads(stdout)
    except ValueError:
        answer = {"memory": True}
    if "outputs" in answer:
        return tuple(str(output) for output in answer["outputs"])
    if "memory" in answer:
        raise TemplateError(
            f"A template needed more than {megabytes} MB of memory and was stopped.",
            where=Place(file=str(source.folders[0] / "email")),
            mend="look for a value that is multiplied or a loop that collects too much",
        )
    where = Place(file=answer["file"], line=answer["line"], key=answer["key"])
    raise TemplateError(answer["what"], where=where, mend=answer["mend"])


def _package_parent() -> Path:
    return Path(__file__).resolve().parents[2]


def _child() -> None:
    """Read the order from stdin, do it within the limits, write one JSON answer to stdout."""
    source, jobs, megabytes, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our parent
    memory = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # The limit counts work, not waiting, so that a busy machine refuses no template that is right; it
    # also ends a child whose parent was killed. The parent's clock only catches what waits for ever.
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 1))
    json.dump(_done(source, jobs), sys.stdout)


def _done(source: TemplateSource, jobs: Sequence[Job]) -> dict[str, object]:
    try:
        return {"outputs": run_here(source, jobs)}
    except MemoryError:
        return {"memory": True}
    except TemplateError as error:
        where = error.where or Place()
        return {
            "what": error.what, "mend": error.mend, "file": where.file, "line": where.line, "key": where.key,
        }  # fmt: skip


if __name__ == "__main__":
    _child()
