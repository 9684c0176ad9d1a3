"""Everything a person should know before approving an edition, as findings.

In charge of: running every check that needs no other program. Not in charge of: what is refused outright
(``compile``, ``required``), SpamAssassin and screenshots (runners of ``app``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from pipeline.article.model import BlockKind
from pipeline.rendering.check_clients import FAMILIES, check_clients, check_data_age
from pipeline.rendering.check_contrast import check_contrast
from pipeline.rendering.check_mail import Revealing, check_mail
from pipeline.rendering.check_page import check_page
from pipeline.rendering.check_reading import check_reading
from pipeline.rendering.check_series import check_series
from pipeline.rendering.check_spam import Scorer, check_spam
from pipeline.rendering.client_support import client_support
from pipeline.rendering.findings import finding
from pipeline.rendering.frame import Frame
from pipeline.rendering.model import Edition, Finding, Severity
from pipeline.rendering.page import pages
from pipeline.rendering.pictures import PictureRefusedError, measure
from pipeline.rendering.placing import placed
from pipeline.rendering.safety import safety_for
from pipeline.rendering.texts import Catalog, catalog_for
from pipeline.series.model import Series

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.ADVICE: 2}


def check_edition(
    edition: Edition,
    series: Series,
    frame: Frame,
    *,
    revealing: Revealing,
    families: Sequence[str] = FAMILIES,
    today: date | None = None,
    spam: Scorer | None = None,
) -> tuple[Finding, ...]:
    """Findings about ``edition``, compiled from ``series`` with ``frame``: worst first, then by part.

    ``revealing`` gives the words of a text that tell about a patient's health; ``families`` are the mail
    clients that count, by caniemail's names; with ``today`` the age of that data is judged too, with
    ``spam`` what a spam filter makes of each part.
    """
    found = [
        *_whole(edition, frame),
        *_missing_pictures(series),
        *check_reading(series),
        *check_series(series),
        *(check_spam(edition, spam) if spam else ()),
    ]
    support, wanted = client_support(), frozenset(families)
    found += check_data_age(support, today) if today else ()
    looked_at = {page.part.number: page for page in pages(edition)}
    for page in looked_at.values():
        found += check_clients(page, support, wanted)
        found += check_page(page)
        found += check_contrast(page)
        found += check_mail(page, edition, revealing)
    blocks = {part.number: part.blocks for part in series.parts}
    whole = [
        placed(each, looked_at[each.part], blocks.get(each.part, ())) if each.part in looked_at else each
        for each in found
    ]
    return worst_first(_excused(each, series) for each in whole)


def worst_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors before warnings before advice, each by part."""
    return tuple(sorted(found, key=lambda each: (_ORDER[each.severity], each.part or 0)))


def _excused(found: Finding, series: Series) -> Finding:
    """A finding about revealing words becomes advice where series.toml gives a reason for them."""
    reason = series.parts[found.part - 1].reveals_ok if found.part else None
    if reason is None or not found.code.startswith("reveals-"):
        return found
    return replace(
        found,
        severity=Severity.ADVICE,
        message=f"{found.message} The series gives a reason: {reason}",
        mend="nothing, if the reason holds; else take reveals_ok out of series.toml",
    )


def _whole(edition: Edition, frame: Frame) -> Iterator[Finding]:
    catalog = catalog_for(edition.language, frame.catalogs)
    yield from _settings_language(frame, catalog)
    safety = safety_for(edition.language, frame.safety, frame.clinic, phone_hours="")
    if safety.is_sample:
        yield finding(
            "safety-sample",
            "The safety text is the product's sample: no clinician of yours has approved it.",
            f"have it read, then write the name to approved_by in content/safety/{safety.language}.toml",
            place=f"content/safety/{safety.language}.toml, version {safety.version}",
        )
    if not frame.public_url.startswith("https://"):
        yield finding(
            "links-insecure",
            "Patients' links are not https yet, as one-click unsubscribe needs (RFC 8058).",
            "set web.public_url to the clinic's https address before going live",
            place=f"{frame.file}, web.public_url",
        )


def _settings_language(frame: Frame, catalog: Catalog) -> Iterator[Finding]:
    """The clinic writes its hours in its own language; a series in another needs them translated."""
    if catalog.language.split("-")[0] == frame.clinic.language.split("-")[0]:
        return
    hours = {"clinic.phone_hours": frame.clinic.phone_hours, "sender.reply_hours": frame.sender.reply_hours}
    for key, text in hours.items():
        if text not in catalog.messages:
            yield finding(
                "setting-language",
                f"{key} is not translated for {catalog.language}: it stays {text!r}.",
                f'add msgid "{text}" with its translation to your own templates/locale/*.po',
                place=f"{frame.file}, {key}",
            )


def _missing_pictures(series: Series) -> Iterator[Finding]:
    for part in series.parts:
        for block in part.blocks:
            if block.kind is not BlockKind.PICTURE or block.picture is None:
                continue
            try:
                measure(block.picture.data or b"")
            except PictureRefusedError as error:
                reason = str(error) if block.picture.data else "the file was not found beside the article"
                yield finding(
                    "picture-missing",
                    f"A picture cannot be shown ({reason}); its description stands in its place.",
                    "save it as PNG or JPEG beside the article",
                    part=part.number,
                    place=block.picture.source,
                    line=block.line,
                )
