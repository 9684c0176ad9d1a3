"""From an article to a series: cut, worded and dated, keeping what a person already decided.

In charge of: the one way from an ``Article``, and the series.toml beside it if there is one, to a ``Draft``.
Not in charge of: the single steps (``split``, ``wording``, ``drift``), or files on disk.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.article.model import Article, Block
from pipeline.errors import SeriesError
from pipeline.series.anchors import Anchors, normal
from pipeline.series.atoms import after_pictures
from pipeline.series.days import fill_days
from pipeline.series.drift import Cut, Drift, find_drift, fingerprint
from pipeline.series.file_model import PartEntry, SeriesFile
from pipeline.series.loading import assemble
from pipeline.series.model import Purpose, Series
from pipeline.series.split import Plan, most_parts, plan_at, split_article
from pipeline.series.wording import TITLE_LIMIT, as_title, neutral_preheader, neutral_subject, part_titles

__all__ = ["Draft", "draft_series"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A series as proposed, with what led to it."""

    series: Series
    #: For ``write_series``: written over the old text, it keeps the comments.
    file: SeriesFile
    #: Parts asked for; None where the length or an earlier file decided.
    requested: int | None
    #: The most parts that the article bears.
    bears: int
    #: Ways to cut, best first; only the one taken where an earlier file's cuts were kept.
    plans: tuple[Plan, ...]
    #: Which of them this series takes, counted from 1.
    plan: int
    words_per_minute: int
    #: What became of the earlier file's parts; None where there was none.
    drift: Drift | None
    #: What a person should know about this proposal, in sentences.
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """A beginning, and the entry of the earlier file that goes on there."""

    start: int
    entry: PartEntry | None
    #: The words that the entry began with still stand there; else it only lends its own words and its day.
    same_words: bool = True


def draft_series(
    article: Article,
    *,
    name: str,
    language: str,
    purpose: Purpose,
    words_per_minute: int,
    words_per_part: float,
    days: Sequence[int],
    parts: int | None = None,
    minutes: float | None = None,
    plan: int = 1,
    file: SeriesFile | None = None,
) -> Draft:
    """Propose a series for ``article``; pure.

    ``parts`` asks for a number of parts, ``minutes`` for parts of that reading time. Without either, ``file``
    (an earlier series.toml) decides as far as its cuts still fit; without that, parts have about
    ``words_per_part`` words. ``plan`` takes another than the best of the plans offered, counted from 1.
    ``file`` also keeps the title, subject, preheader, day and calendar of every part that begins where one of
    its parts did, and its own title, language, purpose, author and structure. ``days`` are the default days
    around the first visit. Raises SeriesError where there are fewer plans than ``plan``.
    """
    drift = find_drift(file, article) if file else None
    base = file or _new_file(article, name, language, purpose)
    keep = drift if parts is None and minutes is None and plan == 1 else None
    length = minutes * words_per_minute if minutes else words_per_part
    plans = () if keep else split_article(article.blocks, parts=parts, words_per_part=max(1.0, length)).plans
    choices = _kept_choices(base, keep) if keep else _new_choices(_chosen(plans, plan), file, drift)
    entries = _entries(choices, base, article.blocks, days)
    draft_file = replace(base, article=article.name, article_sha256=article.digest, parts=entries)
    starts = [choice.start for choice in choices]
    bears = most_parts(article.blocks)
    notes = (*_too_many(parts, bears), *(keep.notes if keep else ()), *_kept_notes(file, choices, entries))
    return Draft(
        series=assemble(draft_file, article, starts, name=name),
        file=draft_file,
        requested=parts,
        bears=bears,
        plans=plans or (plan_at(article.blocks, starts),),
        plan=plan,
        words_per_minute=words_per_minute,
        drift=drift,
        notes=(*notes, *_long_titles(entries)),
    )


def _chosen(plans: Sequence[Plan], number: int) -> Plan:
    if 1 <= number <= len(plans):
        return plans[number - 1]
    raise SeriesError(
        f"There is no plan {number}: {len(plans)} stood close enough to be offered.",
        mend=f"choose from 1 to {len(plans)}, or change the cuts in series.toml",
    )


def _new_file(article: Article, name: str, language: str, purpose: Purpose) -> SeriesFile:
    return SeriesFile(
        article=article.name,
        article_sha256=article.digest,
        title=as_title(article.title or "") or name.replace("-", " ").capitalize(),
        language=_language_tag(language),
        purpose=purpose,
        parts=(),
    )


def _language_tag(declared: str) -> str:
    """A declared language in the spelling of RFC 5646 ("en_us" is "en-US"); "und" where it is none."""
    first, *rest = re.split("[-_]", declared.strip())
    if not re.fullmatch("[A-Za-z]{2,3}", first):
        return "und"
    kept = [one.upper() if len(one) == 2 else one for one in rest if re.fullmatch("[A-Za-z0-9]{2,8}", one)]
    return "-".join((first.lower(), *kept))


def _kept_choices(file: SeriesFile, drift: Drift) -> list[_Choice]:
    return [
        _Choice(start=part.start, entry=entry, same_words=part.cut in (Cut.FITS, Cut.MOVED))
        for entry, part in zip(file.parts, drift.parts, strict=True)
        if part.start is not None
    ]


def _new_choices(plan: Plan, file: SeriesFile | None, drift: Drift | None) -> list[_Choice]:
    entries: Mapping[int | None, PartEntry] = {}
    if file and drift:
        pairs = zip(drift.parts, file.parts, strict=True)
        entries = {part.start: entry for part, entry in pairs if part.fits}
    return [_Choice(start=start, entry=entries.get(start)) for start in plan.starts]


def _entries(
    choices: Sequence[_Choice], base: SeriesFile, blocks: Sequence[Block], days: Sequence[int]
) -> tuple[PartEntry, ...]:
    """What series.toml will say of each part."""
    anchors, named_by = Anchors(blocks), [after_pictures(blocks, choice.start) for choice in choices]
    starts = [choice.start for choice in choices]
    titles = part_titles(blocks, starts, language=base.language, series_title=base.title)
    dated = fill_days([choice.entry.day if choice.entry else None for choice in choices], days)
    stops = [*starts[1:], len(blocks)]
    return tuple(
        replace(
            _worded(choice, title, base.language),
            starts_at=_starts_at(choice, name, anchors),
            line=blocks[name].line,
            day=day,
            fingerprint=fingerprint(blocks[choice.start : stop]),
        )
        for choice, name, title, day, stop in zip(choices, named_by, titles, dated, stops, strict=True)
    )


def _worded(choice: _Choice, title: str, language: str) -> PartEntry:
    if choice.entry is None:
        subject, preheader = neutral_subject(language), neutral_preheader(language)
        return PartEntry(title=title, starts_at="", subject=subject, preheader=preheader, day=0)
    if choice.same_words or not _from_heading(choice.entry):
        return choice.entry
    return replace(choice.entry, title=title)


def _from_heading(entry: PartEntry) -> bool:
    """Whether the title only repeats the words the part began with, so that it goes when they go."""
    return normal(entry.title).rstrip("….") in normal(entry.starts_at)


def _starts_at(choice: _Choice, named_by: int, anchors: Anchors) -> str:
    """The entry's own spelling while it still names the beginning, else the words below its pictures."""
    line = anchors.blocks[named_by].line
    if choice.entry and anchors.find(choice.entry.starts_at, line) == (choice.start,):
        return choice.entry.starts_at
    return anchors.wording(named_by)


def _too_many(parts: int | None, bears: int) -> tuple[str, ...]:
    if parts is None or parts <= bears:
        return ()
    why = "lists, tables and headings stay with what belongs to them, and a part needs fifty words"
    return (f"{parts} parts were asked for, but the article bears {bears}: {why}.",)


def _kept_notes(
    file: SeriesFile | None, choices: Sequence[_Choice], entries: Sequence[PartEntry]
) -> tuple[str, ...]:
    """What became of the earlier file's parts and days."""
    pairs = [(choice.entry, entry) for choice, entry in zip(choices, entries, strict=True) if choice.entry]
    kept = {old for old, _ in pairs}
    gone = [f"{old.title!r} is no longer a part." for old in (file.parts if file else ()) if old not in kept]
    moved = [
        f"{entry.title!r} moved from day {old.day} to day {entry.day}."
        for old, entry in pairs
        if old.day != entry.day
    ]
    return (*gone, *moved)


def _long_titles(entries: Sequence[PartEntry]) -> tuple[str, ...]:
    return tuple(
        f"The title of part {number} has {len(entry.title)} characters; a shorter one reads better."
        for number, entry in enumerate(entries, 1)
        if len(entry.title) > TITLE_LIMIT
    )
