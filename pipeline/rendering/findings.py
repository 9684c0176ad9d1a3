"""The closed list of what checks can find: each code with its weight and why it matters to a patient.

In charge of: the list (``docs/templates.md`` shows it to designers), and making one finding from it. Not in
charge of: looking (``checks`` and its modules) or the other half of a place (``placing``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pipeline.rendering.model import Finding, Severity

_ERROR, _WARNING, _ADVICE = Severity.ERROR, Severity.WARNING, Severity.ADVICE


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of every finding with one code."""

    #: The usual weight; a check may find a worse or a milder case of the same.
    severity: Severity
    #: Why it matters to a patient, as one or two sentences.
    why: str


CODES: Mapping[str, Known] = MappingProxyType(
    {
        # Structure and accessibility
        "lang-missing": Known(_ERROR, "A screen reader guesses the language and mispronounces every word."),
        "dir-missing": Known(_ERROR, "Text that runs from right to left comes out in the wrong order."),
        "lang-wrapper": Known(_ERROR, "Webmail drops <html>, so its patients' screen readers guess."),
        "dir-wrapper": Known(_ERROR, "Webmail drops <html>, so right-to-left text breaks there."),
        "title-missing": Known(_ERROR, "A browser tab and a screen reader have no name for the page."),
        "one-h1": Known(_ERROR, "Who cannot see jumps to the one heading that names the page."),
        "heading-order": Known(_ERROR, "Who listens moves by headings and thinks that something is missing."),
        "heading-empty": Known(_ERROR, "A screen reader announces a heading and then says nothing."),
        "alt-missing": Known(_ERROR, "Who cannot see it, or has pictures blocked, gets nothing instead."),
        "alt-empty": Known(_WARNING, "A screen reader passes over the picture as mere decoration."),
        "picture-size": Known(_ERROR, "Outlook shows it in full size, and the words run off the screen."),
        "picture-missing": Known(_WARNING, "Patients read a description where you see a picture."),
        "table-role": Known(_ERROR, "A screen reader reads out rows and columns where there are none."),
        "table-attributes": Known(_WARNING, "Outlook adds gaps and lines of its own: harder to read."),
        "link-empty": Known(_ERROR, "Nobody can know where the link goes, and some cannot press it."),
        "link-text": Known(_WARNING, "A screen reader lists links without the words around them."),
        "link-insecure": Known(_WARNING, "Others on the way can see and change what is read there."),
        "third-party": Known(_ERROR, "Opening the email would tell somebody else that this patient read it."),
        "contrast-light": Known(_ERROR, "Many patients could not read these words."),
        "contrast-dark": Known(_ERROR, "Patients who read in dark mode could not read these words."),
        "client-support": Known(_WARNING, "Patients with that mail program see something else than you."),
        "client-data-old": Known(_ADVICE, "Mail programs have changed since: a loss may go unnoticed."),
        # The part as a piece of mail
        "size": Known(_WARNING, "Gmail cuts off the end: the safety text and the unsubscribe link."),
        "styles-size": Known(_ERROR, "Gmail drops all of the kept styles: no phone layout, no dark mode."),
        "pictures-size": Known(_WARNING, "Large pictures are slow and costly on a phone."),
        "subject-empty": Known(_ERROR, "Patients take an email without a subject for junk."),
        "subject-length": Known(_WARNING, "Phones cut the subject off before it says who writes."),
        "preheader-length": Known(_ADVICE, "Inboxes cut the preview line off in the middle."),
        "leftover": Known(_ERROR, "Patients read a placeholder instead of what should stand there."),
        "parity-links": Known(_ERROR, "Who reads plain text cannot follow the link."),
        "parity-words": Known(_WARNING, "Some patients miss words, and spam filters count the difference."),
        "unsubscribe": Known(_ERROR, "A patient who wants no more of this cannot say so."),
        "spam-score": Known(_WARNING, "The email may land in the junk folder, where no patient looks."),
        # What it says
        "reveals-subject": Known(_WARNING, "On a lock screen others read what the patient is treated for."),
        "reveals-preview": Known(_WARNING, "On a lock screen others read what the patient is treated for."),
        "reveals-unchecked": Known(_WARNING, "On a lock screen others may read what a patient has."),
        "promotional": Known(_ERROR, "Patients agreed to treatment; selling to them needs another consent."),
        "grade": Known(_WARNING, "Many patients read at grade 6 to 8, and pain makes reading harder."),
        "long-sentences": Known(_ADVICE, "Long sentences are hard to follow in pain, or on a phone."),
        "abbreviations": Known(_WARNING, "Patients may not know what the letters stand for."),
        "setting-language": Known(_WARNING, "Patients read when to call in a language they may not know."),
        # The series and its frame
        "safety-sample": Known(_WARNING, "Patients act on it in an emergency: it has to fit your clinic."),
        "links-insecure": Known(_ADVICE, "Without https, one click on unsubscribe does not work everywhere."),
    }
)  # fmt: skip


def finding(
    code: str,
    message: str,
    mend: str,
    *,
    severity: Severity | None = None,
    part: int | None = None,
    place: str = "",
    element: Any = None,  # noqa: ANN401 - lxml is untyped
    line: int | None = None,
) -> Finding:
    """A finding of the list; ``element`` is the one it is about, in the page that was checked.

    ``severity`` is given where this case weighs more or less than usual. Raises KeyError for a code that
    is not in the list.
    """
    known = CODES[code]
    return Finding(
        code=code,
        severity=severity or known.severity,
        message=message,
        why=known.why,
        mend=mend,
        part=part,
        place=place,
        path="" if element is None else element.getroottree().getpath(element),
        line=line,
    )
