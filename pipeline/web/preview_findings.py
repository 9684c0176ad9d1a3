"""Findings as a preview lists them: how grave in a word and a shape, what, why, how to mend, and where.

In charge of: names for addresses, the article's words beside a finding, counts. Not in charge of: finding
(``rendering.checks``) or marking the element (``preview_email``).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.app.authoring import Compiled
from pipeline.article.model import Article, Block
from pipeline.rendering.model import Finding, Severity

#: Of each weight: its name for one, for several, and the tone of the pages.
_WORDS: Mapping[Severity, tuple[str, str, str]] = MappingProxyType(
    {
        Severity.ERROR: ("Error", "errors", "bad"),
        Severity.WARNING: ("Warning", "warnings", "wait"),
        Severity.ADVICE: ("Advice", "advice", ""),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One finding, ready to be shown."""

    #: Stays the same while the finding does, also when others are mended.
    id: str
    finding: Finding
    severity: str
    tone: str
    #: The article's words at the finding's line; "" where it has none.
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many findings of one weight there are."""

    severity: Severity
    text: str
    tone: str


def views(compiled: Compiled, part: int | None) -> tuple[FindingView, ...]:
    """The findings about ``part``; with None those about the series as a whole."""
    return tuple(
        _view(finding, compiled.series.article) for finding in compiled.findings if finding.part == part
    )


def counts(findings: Iterable[Finding]) -> tuple[Count, ...]:
    """How many of each weight, worst first; weights without any are left out."""
    found = Counter(finding.severity for finding in findings)

    def said(severity: Severity) -> str:
        one, many, _ = _WORDS[severity]
        return f"{found[severity]} {one.lower() if found[severity] == 1 else many}"

    return tuple(
        Count(severity=severity, text=said(severity), tone=tone)
        for severity, (_, _, tone) in _WORDS.items()
        if found[severity]
    )


def chosen_path(found: Sequence[FindingView], wanted: str) -> str:
    """The XPath of the finding ``wanted``; "" where there is none such, or it is about no element."""
    return next((each.finding.path for each in found if each.id == wanted), "")


def _view(finding: Finding, article: Article) -> FindingView:
    severity, _, tone = _WORDS[finding.severity]
    block = _block_at(article, finding.line)
    return FindingView(
        id=_id(finding),
        finding=finding,
        severity=severity,
        tone=tone,
        words=block.text if block else "",
    )


def _id(finding: Finding) -> str:
    told = "\0".join((finding.code, str(finding.part), finding.message, finding.place, finding.path))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:10]


def _block_at(article: Article, line: int | None) -> Block | None:
    if line is None:
        return None
    for block in article.blocks:
        if block.line is not None and block.line <= line <= (block.last_line or block.line):
            return block
    return None
