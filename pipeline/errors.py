"""The errors a person may see: each says what happened, where, and how to mend it.

In charge of: the base class and its wording. Not in charge of: send outcomes, which are values
(``delivery.outcome``), never exceptions.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is wrong: any of file, key and line that the format knows."""

    file: str | None = None
    key: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        at_line = f"line {self.line}" if self.line is not None else None
        return ", ".join(part for part in (self.file, at_line, self.key) if part)


class PipelineError(Exception):
    """Base of every error that is shown to a person instead of a traceback.

    ``what`` is a sentence in plain words, ``where`` its place, ``mend`` what to do about it.
    """

    #: The exit code of a command that ends with this error.
    exit_code = 1

    def __init__(self, what: str, *, where: Place | None = None, mend: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        lines = [self.what]
        if self.where is not None and str(self.where):
            lines.append(f"  where: {self.where}")
        if self.mend:
            lines.append(f"  mend:  {self.mend}")
        return "\n".join(lines)


class ConfigError(PipelineError):
    """config.toml, or a secret it names, is wrong."""

    exit_code = 2


class ArticleError(PipelineError):
    """An article cannot be read."""


class SeriesError(PipelineError):
    """series.toml is wrong, or no longer fits its article."""


class TemplateError(PipelineError):
    """A template, a safety text or the brand does not compile."""


class RosterError(PipelineError):
    """A patients file cannot be read at all (single bad rows are values, not this error)."""


class StoreError(PipelineError):
    """The database cannot be opened, or does not fit this version."""


class KeyringError(PipelineError):
    """A key is missing, malformed, or does not open what it should."""


class NotAllowedError(PipelineError):
    """The rules forbid it: not approved, author is approver, trial mode, and the like."""


class EnvironmentRefusedError(PipelineError):
    """The machine said no: a busy port, a read-only folder, a full disk."""
