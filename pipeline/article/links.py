"""Which addresses may stand behind a word, and addresses typed out in running text.

In charge of: allowing http, https, mailto and tel, nothing else; finding bare addresses. Not in charge
of: whether the address answers.
"""

import re
from dataclasses import replace

from pipeline.article.model import Run

_ALLOWED = re.compile(r"(?:https?://[^\s/?#]+|mailto:[^\s@]+@|tel:[+\d(])", re.IGNORECASE)
#: A trailing stop or bracket belongs to the sentence, not to the address.
_BARE = re.compile(r"https?://[^\s<>\"“”]+[^\s<>\"“”.,;:!?)\]'’]")
_LONGEST = 2000


def safe_link(address: str | None) -> str | None:
    """``address`` if it is an absolute http(s), mailto or tel address of sane length, else None."""
    if not address:
        return None
    # Browsers skip tabs and newlines inside an address, which hides "java\nscript:" from a naive test.
    cleaned = re.sub(r"[\t\r\n]", "", address).strip()
    if len(cleaned) > _LONGEST or re.search(r"[\x00-\x20]", cleaned) or not _ALLOWED.match(cleaned):
        return None
    return cleaned


def with_bare_links(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """``runs`` where each typed-out http(s) address has become a linked run; the words stay the same."""
    if not any("://" in run.text for run in runs):
        return runs
    return tuple(part for run in runs for part in _split(run))


def _split(run: Run) -> list[Run]:
    if run.link or run.code:
        return [run]
    parts, at = [], 0
    for found in _BARE.finditer(run.text):
        parts.append(replace(run, text=run.text[at : found.start()]))
        parts.append(replace(run, text=found.group(), link=safe_link(found.group())))
        at = found.end()
    parts.append(replace(run, text=run.text[at:]))
    return [part for part in parts if part.text]
