"""Slots: what stands in for a patient's values while a part is rendered, and where that may stand.

In charge of: tokens, refusing unsafe places, and cutting the result into a skeleton. Not in charge of:
the patient's values (``compose``).

A token carries a number drawn from the series and the templates, so that no word of an article can be
mistaken for one. A value is escaped with the five HTML entities; a place is safe when that is enough
(OWASP, "Cross Site Scripting Prevention Cheat Sheet": HTML text, quoted attributes).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from pipeline.errors import Place, TemplateError
from pipeline.rendering.model import Skeleton, Slot

_ADDRESSES = frozenset(
    {Slot.VIEW_URL, Slot.UNSUBSCRIBE_URL, Slot.PREFERENCES_URL, Slot.NOT_ME_URL, Slot.CALL_ME_URL}
)
#: Slots by the name they have inside a token.
_BY_NAME = {slot.value.replace("_", ""): slot for slot in Slot}
#: Attributes that only ever show text.
_TEXT_ATTRIBUTES = frozenset({"alt", "title", "aria-label"})
#: Elements whose content a browser does not read as HTML text.
_RAW_ELEMENTS = frozenset(
    {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext",
     "template", "object", "svg", "math"}
)  # fmt: skip
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")
_MSO_COMMENT = re.compile(
    r"\s*\[if\s+(?:gte\s+|lte\s+|gt\s+|lt\s+)?mso[^\]]*\]>(.*)<!\[endif\]\s*", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one compilation."""

    nonce: str

    @classmethod
    def drawn_from(cls, texts: Iterable[str]) -> "Tokens":
        """Tokens that depend on everything that is rendered: the same input gives the same tokens."""
        digest = hashlib.sha256()
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        return cls(digest.hexdigest()[:20])

    def of(self, name: str) -> str:
        """The token of a slot or of a mark. Letters and digits only: it survives inlining everywhere."""
        return f"XPH{self.nonce}{name.replace('_', '')}HPX"

    def slots(self) -> Mapping[str, str]:
        """Slot name to token, as templates see it: ``slot.view_url``."""
        return {slot.value: self.of(slot.value) for slot in Slot if slot is not Slot.TRIAL}

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches every token; the group is the slot's name without underscores."""
        return re.compile(f"XPH{self.nonce}({'|'.join(_BY_NAME)})HPX")

    def found_in(self, text: str) -> tuple[Slot, ...]:
        """The slots whose tokens stand in ``text``, in order."""
        if self.nonce not in text:
            return ()
        return tuple(_BY_NAME[name] for name in self.pattern.findall(text))


def cut(text: str, tokens: Tokens, *, where: Place) -> Skeleton:
    """``text`` cut at its tokens. Raises TemplateError where a token was changed on its way."""
    pieces = tokens.pattern.split(text)
    literals = tuple(pieces[::2])
    if any(tokens.nonce in literal.lower() for literal in literals):
        raise TemplateError(
            "A slot was changed by a filter or by the inliner, so the patient's value would not get in.",
            where=where,
            mend="use slots as they are, without filters such as upper or truncate",
        )
    return Skeleton(literals=literals, slots=tokens.found_in(text))


def check_places(html: str, tokens: Tokens, *, where: Place) -> None:
    """Refuse a slot where escaping is not enough. Raises TemplateError that names slot and place."""
    expected = len(tokens.found_in(html))
    reader = _Places(tokens, where)
    reader.feed(html)
    reader.close()
    if reader.seen != expected:
        raise TemplateError(
            "A slot stands where it cannot be told apart from markup.",
            where=where,
            mend="put it into text or into a double-quoted attribute",
        )


class _Places(HTMLParser):
    """Reads HTML and refuses every token outside text and whole, quoted attribute values."""

    def __init__(self, tokens: Tokens, where: Place, *, only_addresses: bool = False) -> None:
        super().__init__(convert_charrefs=False)
        self.tokens = tokens
        self.where = where
        self.only_addresses = only_addresses
        self.seen = 0
        self._raw: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check_attributes(tag)
        if tag in _RAW_ELEMENTS:
            self._raw.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check_attributes(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._raw and self._raw[-1] == tag:
            self._raw.pop()

    def handle_data(self, data: str) -> None:
        for slot in self.tokens.found_in(data):
            self.seen += 1
            if self._raw:
                self._refuse(slot, f"inside <{self._raw[-1]}>")
            if self.only_addresses:
                self._refuse(slot, "as text inside a comment for Outlook")

    def handle_comment(self, data: str) -> None:
        found = self.tokens.found_in(data)
        conditional = _MSO_COMMENT.fullmatch(data)
        if found and conditional is None:
            self._refuse(found[0], "inside a comment")
        if conditional is not None:
            inner = _Places(self.tokens, self.where, only_addresses=True)
            inner.feed(conditional.group(1))
            inner.close()
            self.seen += inner.seen

    def _check_attributes(self, tag: str) -> None:
        source = self.get_starttag_text() or ""
        if self.tokens.nonce not in source:
            return
        name_end = re.match(r"<\s*[^\s>/]+", source)
        head = name_end.group(0) if name_end else source
        if self.tokens.found_in(head):
            self._refuse(self.tokens.found_in(head)[0], "in the name of an element")
        for match in _ATTRIBUTE.finditer(source[len(head) :]):
            self._check_attribute(tag, match.group(1), match.group(2) or "")

    def _check_attribute(self, tag: str, name: str, quoted: str) -> None:
        found = self.tokens.found_in(quoted)
        if self.tokens.found_in(name):
            self._refuse(self.tokens.found_in(name)[0], "in the name of an attribute")
        self.seen += len(found)
        for slot in found:
            if quoted[:1] not in ('"', "'"):
                self._refuse(slot, f"in the attribute {name} of <{tag}> without quotes")
            if slot in _ADDRESSES and (name.lower() != "href" or quoted[1:-1] != self.tokens.of(slot)):
                self._refuse(slot, f"in the attribute {name} of <{tag}>; a link takes the whole of an href")
            if slot not in _ADDRESSES and (name.lower() not in _TEXT_ATTRIBUTES or self.only_addresses):
                self._refuse(slot, f"in the attribute {name} of <{tag}>")

    def _refuse(self, slot: Slot, place: str) -> None:
        raise TemplateError(
            f"The slot {slot.value!r} stands {place}, where a patient's value cannot be made safe.",
            where=self.where,
            mend="put it into text, or as the whole of a double-quoted href",
        )
