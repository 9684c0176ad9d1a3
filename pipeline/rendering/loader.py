"""Templates: found, run in a sandbox, and their mistakes told with file and line.

In charge of: the folders (a clinic's own file wins over the bundled one), the Jinja2 environment and
its errors. Not in charge of: what a template is given (``views``), nor limits of time and memory
(``template_process``).
"""

import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline.errors import Place, TemplateError
from pipeline.rendering import wrapping
from pipeline.rendering.texts import Catalog, merged, read_catalog

#: No email needs more; a template that makes more is broken (Gmail clips at 102,400 bytes).
OUTPUT_LIMIT = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One template to run: plain data, so that another process can do it."""

    template: str
    context: Mapping[str, Any]
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """Folders that hold ``email/`` and ``locale/``; an earlier folder wins, file by file."""

    folders: tuple[Path, ...]

    def text(self, name: str) -> str:
        """The file ``email/<name>`` as text. Raises TemplateError where no folder has it."""
        path = self.path(name)
        try:
            return path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateError(
                f"The template file cannot be read: {error}",
                where=Place(file=str(path)),
                mend="save it as UTF-8",
            ) from error

    def path(self, name: str) -> Path:
        """Where ``email/<name>`` is. Raises TemplateError where no folder has it."""
        for folder in self.folders:
            path = folder / "email" / name
            if path.is_file():
                return path
        raise TemplateError(
            f"There is no template file email/{name}.",
            where=Place(file=", ".join(str(folder) for folder in self.folders)),
            mend="put it back, or delete your copy of the templates to use the bundled ones",
        )

    def catalogs(self) -> Mapping[str, Catalog]:
        """Frame texts by language from ``locale/*.po``; an earlier folder's texts win, one by one."""

        def files() -> Iterator[Catalog]:
            for folder in reversed(self.folders):
                for path in sorted((folder / "locale").glob("*.po")):
                    text = path.read_text(encoding="utf-8-sig")
                    yield read_catalog(text, language=path.stem, name=str(path))

        return merged(files())


class OutOfTimeError(Exception):
    """Raised from outside while a template runs, by whoever limits its time (``template_child``)."""


class _TooMuchError(Exception):
    """A template made more text than any email holds."""


#: Runs jobs and gives their output in order. ``app`` hands in one with limits of time and memory.
Runner: TypeAlias = Callable[[TemplateSource, Sequence[Job]], tuple[str, ...]]


def run_here(source: TemplateSource, jobs: Sequence[Job]) -> tuple[str, ...]:
    """The output of ``jobs`` in order, made in this process: no limit but the output's size.

    Raises TemplateError with the template's file and line.
    """
    # One environment per language: it keeps parsed templates, and all parts share them.
    environments = {job.catalog.language: _environment(source, job.catalog) for job in jobs}
    return tuple(_run(environments[job.catalog.language], source, job) for job in jobs)


def _run(environment: ImmutableSandboxedEnvironment, source: TemplateSource, job: Job) -> str:
    try:
        return _limited(environment.get_template(job.template).generate(**job.context))
    except (TemplateError, MemoryError, OutOfTimeError):
        # Limits are told by the template process, which set them.
        raise
    except TemplateSyntaxError as error:
        place = Place(file=error.filename or error.name, line=error.lineno)
        raise TemplateError(f"The template does not parse: {error.message}", where=place) from error
    except Exception as error:
        _tell(error, source, job.template)


def _limited(chunks: Iterator[str]) -> str:
    pieces: list[str] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > OUTPUT_LIMIT:
            # Raised inside the template, it comes back with the template's own line.
            assert isinstance(chunks, Generator), "Template.generate is one"
            chunks.throw(_TooMuchError())
        pieces.append(chunk)
    return "".join(pieces)


def _environment(source: TemplateSource, catalog: Catalog) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([folder / "email" for folder in source.folders]),
        autoescape=lambda name: name is None or not name.endswith(".txt"),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension
        catalog.gettext, catalog.ngettext, newstyle=True
    )
    # The same input must give the same bytes: nothing random.
    del environment.globals["lipsum"], environment.filters["random"]
    environment.filters["number"] = catalog.number
    environment.filters["wrapped"] = wrapping.wrapped
    environment.filters["bulleted"] = wrapping.bulleted
    environment.filters["underlined"] = wrapping.underlined
    return environment


def _tell(error: Exception, source: TemplateSource, name: str) -> NoReturn:
    place = place_of(error, source, name)
    match error:
        case UndefinedError():
            what = f"The template asks for something that is not there: {error.message}."
            mend = "docs/templates.md lists everything a template is given"
        case SecurityError():
            what = f"The template does something that templates may not do: {error}"
            mend = "templates may show values, not reach into Python"
        case _TooMuchError():
            what = f"The template makes more than {OUTPUT_LIMIT // 1_000_000} MB of text."
            mend = "look for a loop that runs too often"
        case UnicodeDecodeError():
            what, mend = "A template file is not UTF-8.", "save it, or what that line includes, as UTF-8"
        case TemplateNotFound():
            what, mend = f"There is no template email/{error.name}.", "check the name in include or import"
        case _:
            what, mend = f"The template fails: {type(error).__name__}: {error}", "look at that line"
    raise TemplateError(what, where=place, mend=mend) from error


def place_of(error: Exception, source: TemplateSource, name: str) -> Place:
    """The innermost line of a template file in the error's trace: Jinja2 maps its frames to the source.

    Where the trace has no template, the place is ``name``.
    """
    folders = tuple(str(folder) for folder in source.folders)
    for entry in reversed(traceback.extract_tb(error.__traceback__)):
        if entry.filename.startswith(folders) and not entry.filename.endswith(".py"):
            return Place(file=entry.filename, line=entry.lineno)
    return Place(file=name)
