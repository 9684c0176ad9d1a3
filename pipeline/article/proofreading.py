"""Slips in the source that its author should see: doubled words, stray punctuation, swapped letters.

In charge of: finding them by rule and saying where. Not in charge of: changing a single letter; the article
stays word for word as its author wrote it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from pipeline.article.model import Block, Note
from pipeline.article.vocabulary import words_of

#: So many of one kind are listed; more of them would bury the rest.
_MOST_OF_A_KIND = 25
_AROUND = 30
#: Doubled on purpose ("what that that means", "had had", "very very").
_MAY_DOUBLE = words_of("that had very really so no yes bye ha is do muy ya")
_DOUBLED = re.compile(r"(?<![\w'’-])([^\W\d_]+)[ \n]+\1(?![\w'’-])", re.IGNORECASE)
_PUNCTUATION = (
    (re.compile(r"(?<!\.)\.\.(?!\.)|,,|;;|::|,\.|\?\?\?+|!!!+"), "punctuation stands twice"),
    (
        re.compile(r"(?<=[^\W\d_]) [,;](?=\s)|(?<=[^\W\d_]) \.(?=\s|$)(?! \.)"),
        "a space stands before the punctuation",
    ),
    (re.compile(r"(?<=[a-zà-ÿ]),(?=[a-zà-ÿ]{3,})"), "no space after the comma"),
    (re.compile(r"(?<=[a-zà-ÿ]{3})[.!?](?=[A-ZÀ-Þ][a-zà-ÿ])"), "no space after the sentence"),
)
_MEANT_THEY = re.compile(r"\b(your|their)\s+[a-z]{3,}ed\s+(the|a|an|this|that|to)\b")
_TRIPLED = re.compile(r"([^\W\d_])\1\1")
_MISSPELLED = re.compile(
    r"teh|adn|recieve\w*|seperat\w*|occured|occuring|definately|untill|wich|becuase|beleive\w*|acheiv\w*"
    r"|accomodat\w*|recomend\w*|neccessar\w*|tommorow|thier|wierd|suprise\w*|publically|begining|exersise\w*"
    r"|excercise\w*|phsyi\w*|theraphy|therapits?"
)
_WORD = re.compile(r"[^\W\d_]{3,}")
#: Letters; swapped letters in shorter words make other words ("form", "from").
_LONG_WORD = 6
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"))

_Rule = Callable[[Block], Iterator[Note]]


def proofread(blocks: tuple[Block, ...]) -> tuple[Note, ...]:
    """Notes on ``blocks``, kind by kind and in reading order; at most 25 of each kind."""
    notes: list[Note] = []
    for rule in _RULES:
        # Looking stops with the last note that is listed: a hostile text has a slip in every word.
        notes += islice((note for block in blocks for note in rule(block)), _MOST_OF_A_KIND)
    return (*notes, *islice(_misspellings(blocks), _MOST_OF_A_KIND))


def _note(block: Block, code: str, message: str, start: int, end: int) -> Note:
    text = block.text
    # Whole words only, so that the excerpt can be searched for.
    first = text.rfind(" ", 0, max(0, start - _AROUND)) + 1
    last = text.find(" ", end + _AROUND)
    excerpt = " ".join(text[first : last if last >= 0 else None].split())[:200]
    return Note(code=code, message=message, line=block.line, excerpt=excerpt)


def _doubled_words(block: Block) -> Iterator[Note]:
    for found in _DOUBLED.finditer(block.text):
        word = found.group(1)
        if word.casefold() not in _MAY_DOUBLE:
            yield _note(block, "doubled_word", f"{word!r} stands twice.", *found.span())


def _odd_punctuation(block: Block) -> Iterator[Note]:
    if any(run.code for run in block.runs):
        return
    for pattern, what in _PUNCTUATION:
        for found in pattern.finditer(block.text):
            if not _in_address(block.text, found.start()):
                yield _note(block, "punctuation", f"Here {what}.", *found.span())


def _in_address(text: str, at: int) -> bool:
    """The place lies inside a web address, a file name or an email address."""
    word = text[text.rfind(" ", 0, at) + 1 :].split(" ", 1)[0]
    return re.search(r"://|www\.|@|\.\w{2,4}/", word) is not None


def _open_brackets(block: Block) -> Iterator[Note]:
    text = re.sub(r"(?<![\w(])\w{1,2}\)|^\W*\w{1,3}\)|[:;]-?[()]", "", block.text)
    for opening, closing in _PAIRS:
        if text.count(opening) != text.count(closing) and not any(run.code for run in block.runs):
            yield _note(block, "unbalanced", f"A {opening} or {closing} has no partner.", 0, 2 * _AROUND)
    if text.count('"') % 2 and not re.search(r"\d\"", text):
        yield _note(block, "unbalanced", 'A " has no partner.', 0, 2 * _AROUND)


def _wrong_words(block: Block) -> Iterator[Note]:
    for found in _MEANT_THEY.finditer(block.text):
        message = f"'You' or 'they' may be meant: {found.group()!r}."
        yield _note(block, "spelling", message, *found.span())


def _misspellings(blocks: tuple[Block, ...]) -> Iterator[Note]:
    """Every different word is looked at once, and only those that look wrong are searched for."""
    words = Counter(word for block in blocks for word in _WORD.findall(block.text.casefold()))
    looked_at = ((word, message) for word in words if (message := _what_is_wrong(word, words)))
    wrong = dict(islice(looked_at, 4 * _MOST_OF_A_KIND))
    if not wrong:
        return
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, wrong))})\b", re.IGNORECASE)
    for block in blocks:
        for found in pattern.finditer(block.text):
            message = wrong.get(found.group().casefold())
            if message and not _in_address(block.text, found.start()) and not found.group().isupper():
                yield _note(block, "spelling", message, *found.span())


def _what_is_wrong(word: str, words: Counter[str]) -> str | None:
    if _TRIPLED.search(word):
        return f"In {word!r} a letter stands three times."
    if _MISSPELLED.fullmatch(word):
        return f"{word!r} may be misspelled."
    if words[word] == 1 and len(word) >= _LONG_WORD:
        meant = _unswapped(word, words)
        return f"{word!r} may be meant as {meant!r}." if meant else None
    return None


def _unswapped(word: str, words: Counter[str]) -> str | None:
    """The frequent word of this article that ``word`` is with two neighbouring letters swapped."""
    for at in range(len(word) - 1):
        swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if swapped != word and words.get(swapped, 0) >= 2:
            return swapped
    return None


_RULES: tuple[_Rule, ...] = (_doubled_words, _odd_punctuation, _open_brackets, _wrong_words)
