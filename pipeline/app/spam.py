"""SpamAssassin, where this machine has it: what a spam filter makes of a message, offline.

In charge of: running the program and reading its report. Not in charge of: what a score means
(``rendering.check_spam``).

``-L`` asks nobody on the network, ``-t`` reports on every message whatever its score. The report's form is
our own (``report`` of Mail::SpamAssassin::Conf, 4.0): a message cannot hold its marks by chance. Starting
the program takes seconds and a message a fifth of one, so all messages go in at once.
"""

import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import EnvironmentRefusedError
from pipeline.rendering.check_spam import SpamReport, SpamRule
from pipeline.rendering.mime import to_mime
from pipeline.rendering.model import Message

_PROGRAM = "spamassassin"
_SECONDS = 120
#: "-0.0 NO_RELAYS              Informational: message was not relayed via SMTP"; a long one runs on below.
_RULE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s+([A-Z][A-Z0-9_]+)\s+(.*)")


@dataclass(frozen=True, slots=True)
class SpamAssassin:
    """Scores messages with the program at ``program``; a ``check_spam.Scorer``."""

    program: str

    def __call__(self, messages: Sequence[Message]) -> tuple[SpamReport, ...]:
        """One report per message, in order. Raises EnvironmentRefusedError where the program fails."""
        mark = f"PLN{secrets.token_hex(8)}"
        with tempfile.TemporaryDirectory(prefix="pipeline-spam-") as folder:
            files = _written(messages, Path(folder))
            output = _run([self.program, "-L", "-t", *_form(mark), *map(str, files)])
        reports = read_reports(output, mark)
        if len(reports) != len(messages):
            raise _failed("its answer cannot be read")
        return reports


def spamassassin() -> SpamAssassin | None:
    """The program of this machine, or None where there is none."""
    program = shutil.which(_PROGRAM)
    return None if program is None else SpamAssassin(program)


def read_reports(output: str, mark: str) -> tuple[SpamReport, ...]:
    """The reports between ``<mark>begin <score>`` and ``<mark>end`` in SpamAssassin's output, in order."""
    return tuple(
        SpamReport(score=float(score), rules=_rules(body))
        for score, body in re.findall(
            rf"^{mark}begin (-?[\d.]+)\s*\n(.*?)^{mark}end", output, re.DOTALL | re.MULTILINE
        )
    )


def _rules(body: str) -> tuple[SpamRule, ...]:
    rules: list[SpamRule] = []
    for line in body.splitlines():
        match = _RULE.fullmatch(line)
        if match:
            rules.append(SpamRule(name=match[2], points=float(match[1]), meaning=_in_words(match[3])))
        elif rules and line.strip():
            last = rules.pop()
            meaning = f"{last.meaning} {line.strip()}"
            rules.append(SpamRule(name=last.name, points=last.points, meaning=meaning))
    return tuple(rules)


def _in_words(meaning: str) -> str:
    """Without the part of the message that a rule looks at: every rule that counts says it itself."""
    return meaning.strip().removeprefix("BODY: ")


def _form(mark: str) -> list[str]:
    """``report_safe 0`` leaves the message as it is; else a spam's report would come twice."""
    lines = (
        "report_safe 0",
        "clear_report_template",
        f"report {mark}begin _SCORE_",
        "report _SUMMARY_",
        f"report {mark}end",
    )
    return [f"--cf={line}" for line in lines]


def _written(messages: Sequence[Message], folder: Path) -> list[Path]:
    now = datetime.now(UTC)
    files = [folder / f"{number}.eml" for number in range(1, len(messages) + 1)]
    for file, message in zip(files, messages, strict=True):
        file.write_bytes(to_mime(message, date=now))
    return files


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a program found on PATH, with arguments of our own
            command, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(f"{type(error).__name__}") from error
    if done.returncode != 0:
        raise _failed(f"it ended with {done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def _failed(why: str) -> EnvironmentRefusedError:
    return EnvironmentRefusedError(
        f"SpamAssassin did not score the emails: {why}.",
        mend="try `spamassassin -L -t` by hand, or check without it: `pipeline check --no-spam`",
    )
