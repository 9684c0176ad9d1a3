"""Authoring, wired: an article becomes a series, an edition, findings. No store, no provider.

In charge of: finding a series' files and running split, compile and check on them. Not in charge of:
writing what a person asked to be written (``cli``), showing it (``web.preview``), approving it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from pipeline.app.files import own_and_bundled, read_bytes, write_whole
from pipeline.app.settings import weekly_rules
from pipeline.app.watching import Watched
from pipeline.article.model import Article, Override
from pipeline.article.reading import read_article
from pipeline.config import Config
from pipeline.errors import Place, SeriesError
from pipeline.rendering.calendars import check_calendar
from pipeline.rendering.check_clients import families_from
from pipeline.rendering.check_spam import Scorer
from pipeline.rendering.checks import check_edition
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.frame import Frame, load_frame
from pipeline.rendering.loader import Runner, TemplateSource
from pipeline.rendering.model import Edition, Finding
from pipeline.rendering.template_process import LimitedRunner
from pipeline.series.drafting import Draft, draft_series
from pipeline.series.file_model import SeriesFile
from pipeline.series.health_words import reveals_health
from pipeline.series.loading import load_series
from pipeline.series.model import Purpose, Series
from pipeline.series.series_file import read_series, write_series

SUFFIXES = (".md", ".markdown", ".txt", ".html", ".htm", ".docx")
SERIES_FILE = "series.toml"
#: No article of words needs more; a larger file is something else.
ARTICLE_LIMIT = 10_000_000
SERIES_FILE_LIMIT = 1_000_000
_PICTURE_LIMIT = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFiles:
    """Where a series lies: its article, and series.toml beside it (which may not exist yet)."""

    name: str
    article: Path

    @property
    def series_file(self) -> Path:
        """``series.toml`` beside the article."""
        return self.article.parent / SERIES_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A series, its edition, and what the checks say."""

    series: Series
    edition: Edition
    findings: tuple[Finding, ...]
    words_per_minute: int
    #: Start of patients' links.
    public_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An author's desk: configuration, templates, content folders."""

    config: Config
    templates: TemplateSource
    #: The clinic's own content folder first.
    content: tuple[Path, ...]
    #: Runs templates with limits of time and memory: a clinic's own template may hold an endless loop.
    run: Runner
    #: The age of what is known about mail programs counts from here.
    today: Callable[[], date] = lambda: datetime.now(UTC).date()
    #: Scores emails as a spam filter does; None does not ask: it takes seconds.
    spam: Scorer | None = None

    @classmethod
    def open(cls, config: Config) -> "Desk":
        """The desk of ``config``; templates and content fall back to the bundled ones."""
        return cls(
            config=config,
            templates=TemplateSource(own_and_bundled(config.folder, "templates")),
            content=own_and_bundled(config.folder, "content"),
            run=LimitedRunner(),
        )

    def find(self, wanted: str) -> SeriesFiles:
        """The series ``wanted``: a name below content/, a folder, or an article's path.

        Raises SeriesError where there is none, or a folder holds more than one article.
        """
        path = Path(wanted)
        if path.is_file():
            article = path if path.name != SERIES_FILE else _only_article(path.parent)
            return SeriesFiles(name=_name_of(article), article=article)
        for folder in (path, *(content / wanted for content in self.content)):
            if folder.is_dir():
                article = _only_article(folder)
                return SeriesFiles(name=folder.resolve().name, article=article)
        known = self.names()
        raise SeriesError(
            f"There is no series and no article {wanted!r}.",
            where=Place(file=", ".join(str(each) for each in self.content)),
            mend=f"known series: {', '.join(known) or 'none'}; or give the path of an article",
        )

    def names(self) -> list[str]:
        """Every series of the content folders."""
        return sorted(
            {each.parent.name for content in self.content for each in content.glob(f"*/{SERIES_FILE}")}
        )

    def article(self, files: SeriesFiles, overrides: Sequence[Override] = ()) -> Article:
        """The article, read. Raises ArticleError and EnvironmentRefusedError."""
        data = read_bytes(files.article, limit=ARTICLE_LIMIT)
        loader = partial(_picture_beside, files.article.parent)
        return read_article(data, name=files.article.name, overrides=overrides, load_picture=loader)

    def frame(self) -> Frame:
        """What stands around every part."""
        return load_frame(self.config, templates=self.templates, content=self.content)

    def compiled(self, wanted: str, *, parts: int | None = None) -> Compiled:
        """The series ``wanted``, compiled and checked. Raises PipelineError of every kind on the way."""
        series = self.series(self.find(wanted), parts=parts)
        return self.compile(series)

    def compile(self, series: Series) -> Compiled:
        """``series`` compiled and checked."""
        check_calendar(series, weekly_rules(self.config))
        frame = self.frame()
        edition = compile_edition(series, frame, self.templates, self.run)
        findings = check_edition(
            edition,
            series,
            frame,
            revealing=partial(reveals_health, language=series.language),
            families=families_from(self.config.checks.mail_clients, file=self.config.file),
            today=self.today(),
            spam=self.spam,
        )
        return Compiled(
            series=series,
            edition=edition,
            findings=findings,
            words_per_minute=self.config.splitting.words_per_minute,
            public_url=frame.public_url,
        )

    def previewing(self, wanted: str) -> Watched[Compiled]:
        """Compiles ``wanted`` when a file it is made of has changed, else gives what it has."""
        return Watched(partial(self.compiled, wanted), partial(self.files_of, wanted))

    def files_of(self, wanted: str, known: Compiled | None) -> Iterator[Path]:
        """Every file that compiling ``wanted`` reads, also one that is missing yet.

        ``known`` is what was compiled last: it names the article's pictures.
        """
        with suppress(SeriesError):
            files = self.find(wanted)
            yield from (files.article, files.series_file)
            yield from _pictures(known.series.article, files.article.parent) if known else ()
        for folder in self.templates.folders:
            yield from (folder / "email").glob("*")
            yield from (folder / "locale").glob("*.po")
        for folder in self.content:
            yield from (folder / "safety").glob("*.toml")
        if self.config.brand.logo is not None:
            yield self.config.path(self.config.brand.logo)

    def series(self, files: SeriesFiles, *, parts: int | None = None) -> Series:
        """The series as series.toml says; without that file, or with ``parts``, as it would be proposed."""
        known = self._series_file(files)
        if known is None or parts is not None:
            return self.draft(files, parts=parts).series
        return load_series(known, self.article(files, known.structure), name=files.name)

    def draft(
        self, files: SeriesFiles, *, parts: int | None = None, minutes: float | None = None, plan: int = 1
    ) -> Draft:
        """The series as proposed, by the best ``plan`` or a later one; what a person decided in series.toml
        is kept where it still fits.
        """
        known = self._series_file(files)
        article = self.article(files, known.structure if known else ())
        return draft_series(
            article,
            name=files.name,
            language=article.language or self.config.clinic.language,
            purpose=Purpose.TREATMENT,
            words_per_minute=self.config.splitting.words_per_minute,
            words_per_part=self.config.splitting.words_per_part,
            days=self.config.schedule.days,
            parts=parts,
            minutes=minutes,
            plan=plan,
            file=known,
        )

    def save(self, files: SeriesFiles, draft: Draft) -> Path:
        """Write the draft to series.toml, keeping the comments that stand there; returns its path."""
        path = files.series_file
        over = path.read_text(encoding="utf-8") if path.exists() else None
        write_whole(path, write_series(draft.file, over=over))
        return path

    def _series_file(self, files: SeriesFiles) -> SeriesFile | None:
        path = files.series_file
        if not path.exists():
            return None
        known = read_series(_text_of(path), name=str(path))
        return known if known.article == files.article.name else None


def _text_of(path: Path) -> str:
    try:
        return read_bytes(path, limit=SERIES_FILE_LIMIT).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SeriesError(
            "The series file is not UTF-8 text.", where=Place(file=str(path)), mend="save it as UTF-8"
        ) from error


def _only_article(folder: Path) -> Path:
    found = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and _is_article(file))
    if len(found) == 1:
        return found[0]
    names = ", ".join(file.name for file in found) or "none"
    raise SeriesError(
        f"A series folder holds one article; this one has: {names}.",
        where=Place(file=str(folder)),
        mend="name it article.md (or .txt, .html, .docx), or give the path of the one you mean",
    )


def _is_article(file: Path) -> bool:
    """A file named article.* is one; where there is none, any text counts but notes named in capitals."""
    siblings = [
        each for each in file.parent.iterdir() if each.stem == "article" and each.suffix.lower() in SUFFIXES
    ]
    return file in siblings if siblings else not file.stem.isupper()


def _name_of(article: Path) -> str:
    """A series' stable name: its folder's inside content/, else the article's own."""
    own = article.stem.casefold() == "article" or (article.parent / SERIES_FILE).exists()
    words = article.resolve().parent.name if own else article.stem
    return re.sub(r"[^a-z0-9]+", "-", words.casefold()).strip("-") or "series"


def _pictures(article: Article, folder: Path) -> Iterator[Path]:
    """Where the pictures of ``article`` lie, or would."""
    for block in article.blocks:
        if block.picture is not None and ":" not in block.picture.source:
            yield folder / block.picture.source


def _picture_beside(folder: Path, name: str) -> bytes | None:
    """A picture's bytes, if it lies in the article's folder or below; None otherwise."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    if path.stat().st_size > _PICTURE_LIMIT:
        return None
    return path.read_bytes()
