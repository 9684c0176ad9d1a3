"""Templates run in a process of their own, with limits of time and memory.

In charge of: a ``loader.Runner`` that an endless loop or a huge value cannot hurt. Not in charge of: what
templates may do (the sandbox in ``loader``), what the child does (``template_child``), starting it quickly
(``template_parent``), or choosing this runner (``app`` hands it in).

The child gets jobs by pickle from us, and answers in JSON: whatever a template did there, nothing that
comes back is executed. Each edition has a child of its own, so a limit that was hit leaves nothing, and
what one template did no other one sees.
"""

import json
import pickle
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import Place, TemplateError
from pipeline.rendering.loader import Job, TemplateSource
from pipeline.rendering.template_parent import CAN_FORK, Ended, ParentLostError, WarmParent, start_details

#: The longest article compiles in well under a second; a template that takes longer is stuck.
SECONDS = 10
#: Address space. The interpreter with Jinja2 and Babel takes about 100 MB of it.
MEGABYTES = 600
#: How much longer than its work a run may take by the clock.
_PATIENCE = 6
#: Shared by every runner of this process: it holds no state of any run.
_PARENT = WarmParent()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedRunner:
    """Runs jobs in a child process; a ``loader.Runner``."""

    #: Of work; waiting counts a sixth.
    seconds: float = SECONDS
    megabytes: int = MEGABYTES
    #: The child is forked from a process that has everything loaded; None starts an interpreter each time.
    parent: WarmParent | None = _PARENT if CAN_FORK else None

    def __call__(self, source: TemplateSource, jobs: Sequence[Job]) -> tuple[str, ...]:
        """The output of ``jobs`` in order.

        Raises TemplateError as ``loader.run_here`` does, and when a limit is hit.
        """
        patience = self.seconds * _PATIENCE
        order = pickle.dumps((source, list(jobs), self.megabytes, self.seconds, patience))
        ended = self._ended(order, patience)
        if ended.signal is not None:
            raise self._refusal("time", _somewhere(source))
        return self._answer(ended.output, source)

    def _ended(self, order: bytes, patience: float) -> Ended:
        if self.parent is not None:
            try:
                return self.parent.ask(order, patience=patience)
            except ParentLostError:
                # Killed from outside, or it could not start: one interpreter for this run needs no parent.
                pass
        return _in_a_new_interpreter(order, patience)

    def _answer(self, output: bytes, source: TemplateSource) -> tuple[str, ...]:
        try:
            answer = json.loads(output)
        except ValueError:
            raise self._refusal("memory", _somewhere(source)) from None
        if "outputs" in answer:
            return tuple(str(output) for output in answer["outputs"])
        where = Place(file=answer["file"], line=answer["line"], key=answer["key"])
        if "limit" in answer:
            raise self._refusal(answer["limit"], where)
        raise TemplateError(answer["what"], where=where, mend=answer["mend"])

    def _refusal(self, limit: str, where: Place) -> TemplateError:
        if limit == "time":
            what = f"A template ran for more than {self.seconds:g} seconds and was stopped."
            return TemplateError(what, where=where, mend="look for a loop that does not end")
        what = f"A template needed more than {self.megabytes} MB of memory and was stopped."
        mend = "look for a value that is multiplied or a loop that collects too much"
        return TemplateError(what, where=where, mend=mend)


def _somewhere(source: TemplateSource) -> Place:
    """Where the child could not say which line it was."""
    return Place(file=str(source.folders[0] / "email"))


def _in_a_new_interpreter(order: bytes, patience: float) -> Ended:
    """Slower than a fork by the time that the imports take, and the same everywhere."""
    command, details = start_details()
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own module
            command, input=order, capture_output=True, timeout=patience, check=False, **details
        )
    except subprocess.TimeoutExpired:
        return Ended(output=b"", signal=signal.SIGALRM)
    return Ended(output=done.stdout, signal=-done.returncode if done.returncode < 0 else None)
