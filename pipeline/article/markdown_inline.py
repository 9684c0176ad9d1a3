"""One line of Markdown's inline tokens becomes runs and pictures.

In charge of: emphasis, links, code, line breaks, footnote marks, pictures, and raw HTML inside a line
(its tags go, its words stay, a script's words are set aside). Not in charge of: blocks.
"""

import re
from dataclasses import dataclass, field, replace

from markdown_it.token import Token

from pipeline.article.links import safe_link
from pipeline.article.model import Note, Run
from pipeline.article.runs import merged

_HIDDEN = re.compile(r"<(/?)(script|style|template|noscript)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPicture:
    """A picture as Markdown names it."""

    source: str
    alt: str
    title: str


@dataclass(slots=True)
class Inline:
    """What a line of inline tokens holds."""

    runs: list[Run] = field(default_factory=list)
    pictures: list[NamedPicture] = field(default_factory=list)
    #: Words inside raw HTML that must not reach a reader.
    hidden: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def read_inline(tokens: list[Token], *, line: int | None) -> Inline:
    """Runs of one paragraph, heading, item or cell; ``line`` is for notes only."""
    walk = _Walk(line)
    for token in tokens:
        walk.take(token)
    walk.found.runs = list(merged(walk.found.runs))
    return walk.found


class _Walk:
    """Keeps the marks that are open."""

    def __init__(self, line: int | None) -> None:
        self.found = Inline()
        self.marks = Run(text="")
        self.line = line
        self.hiding = False

    def take(self, token: Token) -> None:
        match token.type:
            case "text" | "text_special":
                self.add(token.content)
            case "code_inline":
                self.add(token.content, code=True)
            case "softbreak" | "hardbreak":
                self.add(" " if token.type == "softbreak" else "\n")
            case "strong_open" | "strong_close":
                self.marks = replace(self.marks, strong=token.nesting == 1)
            case "em_open" | "em_close":
                self.marks = replace(self.marks, emphasis=token.nesting == 1)
            case "link_open" | "link_close":
                self.link(token)
            case "image":
                self.picture(token)
            case "footnote_ref":
                self.add(f"[{int(token.meta['id']) + 1}]")
            case "html_inline":
                self.html(token.content)
            case _:
                pass

    def add(self, text: str, *, code: bool = False) -> None:
        if self.hiding:
            self.found.hidden.append(text)
        else:
            self.found.runs.append(replace(self.marks, text=text, code=code))

    def link(self, token: Token) -> None:
        target = str(token.attrGet("href") or "") if token.nesting == 1 else ""
        self.marks = replace(self.marks, link=safe_link(target))
        if target and self.marks.link is None:
            self.found.notes.append(
                Note(
                    code="link_dropped",
                    message="A link was taken away: only http, https, mailto and tel can be mailed.",
                    line=self.line,
                    excerpt=target[:120],
                )
            )

    def picture(self, token: Token) -> None:
        alt = token.content or "".join(child.content for child in token.children or ())
        self.found.pictures.append(
            NamedPicture(
                source=str(token.attrGet("src") or ""), alt=alt, title=str(token.attrGet("title") or "")
            )
        )

    def html(self, tag: str) -> None:
        hidden = _HIDDEN.match(tag)
        if hidden:
            self.hiding = not hidden.group(1)
        elif re.match(r"<br\b", tag, re.IGNORECASE):
            self.add("\n")
