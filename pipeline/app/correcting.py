"""A file of a few sentences becomes the correction of a part: a series of one part, compiled and checked.

In charge of: making it with an author's desk. Not in charge of: who gets it (``actions.correcting``).
"""

from dataclasses import replace
from pathlib import Path

from pipeline.actions.correcting import GOT_IT, Wrong
from pipeline.app.authoring import Compiled, Desk, SeriesFiles
from pipeline.delivery.states import State
from pipeline.errors import NotAllowedError
from pipeline.rendering.edition import from_bytes
from pipeline.series.drafting import draft_series
from pipeline.series.model import Calendar
from pipeline.store import editions, wrong_parts
from pipeline.store.database import Tx

#: Neutral on a locked phone, like every other subject.
SUBJECT = "A correction to part {wrong} from {{clinic}}"
_PREHEADER = "Please read this before you go on."
#: It goes as soon as the clinic's hours allow, whatever the rule for late parts, and not much later.
_CALENDAR = Calendar(late="catch_up", expires_after_days=14)


def find_wrong(tx: Tx, series: str, part: int, edition: str | None) -> Wrong:
    """The wrong part, in the edition whose hash begins with ``edition``, or in the only one that went out.

    Raises NotAllowedError where it is not clear which one.
    """
    sent = wrong_parts.editions_sent(tx, series, part, states=(*GOT_IT, State.UNKNOWN))
    found = [sha256 for sha256, _ in sent if sha256.startswith(edition or "")]
    listed = "; ".join(f"{sha256[:12]} to {count}" for sha256, count in sent) or "none"
    if len(found) != 1:
        raise NotAllowedError(
            f"It is not clear which edition of part {part} of {series!r} was wrong.",
            mend=f"name the one that went out with --edition; sent so far: {listed}",
        )
    row = editions.find_edition(tx, found[0])
    assert row is not None, "what was sent is kept"
    return Wrong(edition=row, part=part)


def wrong_title(tx: Tx, wrong: Wrong) -> str:
    """The wrong part's title."""
    edition = from_bytes(editions.edition_bytes(tx, wrong.edition.sha256))
    return next(part.title for part in edition.parts if part.number == wrong.part)


def compile_correction(desk: Desk, wrong: Wrong, file: Path, *, subject: str | None, author: str) -> Compiled:
    """The correction in ``file`` (text, Markdown, HTML, Word), compiled and checked like any series.

    Raises PipelineError of every kind on the way.
    """
    article = desk.article(SeriesFiles(name=wrong.series, article=file))
    splitting = desk.config.splitting
    draft = draft_series(
        article,
        name=wrong.series,
        language=wrong.edition.language,
        purpose=wrong.edition.purpose,
        words_per_minute=splitting.words_per_minute,
        words_per_part=splitting.words_per_part,
        days=(0,),
        parts=1,
    )
    (only,) = draft.series.parts
    part = replace(
        only, subject=subject or SUBJECT.format(wrong=wrong.part), preheader=_PREHEADER, day=0, recap=None,
        teaser=None,
    )  # fmt: skip
    series = replace(draft.series, parts=(part,), calendar=_CALENDAR, author=author)
    return desk.compile(series)
