"""Lines of plain text: wrapped at 72 columns, marked, indented.

In charge of: filling lines. Not in charge of: what an article's blocks become (``plaintext``).
"""

import textwrap
import unicodedata

#: RFC 3676 (4.2) advises lines of at most 78; 72 leaves room for a reply's quote marks.
WIDTH = 72


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """``text`` in lines of at most 72 columns; ``first`` opens the first line, ``rest`` the others.

    A line break in ``text`` stays one. A word (or an address) longer than a line stays whole: a broken
    link is worse than a long line.
    """
    rest = first if rest is None else rest
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return "\n".join(
        _filled(line, rest if number else first, rest)
        for number, line in enumerate(line for line in lines if line)
    )


def _filled(line: str, first: str, rest: str) -> str:
    filled = textwrap.wrap(
        line,
        width=WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(filled)


def bulleted(text: str, bullet: str = "- ", indent: int = 0) -> str:
    """One list item, its further lines hanging below its first word."""
    return wrapped(text, " " * indent + bullet, " " * (indent + len(bullet)))


def underlined(text: str, mark: str = "=") -> str:
    """A heading with a line of ``mark`` below it, as long as its longest line."""
    heading = wrapped(text)
    return f"{heading}\n{mark * max(columns(line) for line in heading.splitlines() or [''])}"


def columns(text: str) -> int:
    """How many columns ``text`` takes in a fixed-width font: wide letters take two, marks none."""
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )
