"""Bullets and numbers that people type before a list item or a heading.

In charge of: telling a marker from the words after it. Not in charge of: whether the line is a list item
(``recovery_lists``) or a numbered heading (``recovery_headings``).
"""

import re
from dataclasses import dataclass

_BULLET = re.compile(r"([•◦▪▫●○■□‣⁃∙·►▶➢➤✓✔☐☑❖\uf0b7\uf0a7]|[-–—*+o](?=\s))\s*(?=\S)")
_NUMBER = re.compile(r"\(?(?:(\d{1,3})|([a-zA-Z])|([ivxIVX]{1,5}))[.)]\s+(?=\S)|(\d{1,3})[.)]?\t\s*(?=\S)")
_ROMAN = {"i": 1, "v": 5, "x": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A typed number: its value, and its style ("1.", "a)"), which neighbours in one run share."""

    value: int
    style: str
    typed: str


def split_marker(text: str) -> tuple[str, str]:
    """The bullet a line begins with and the words after it; ("", text) where there is none."""
    found = _BULLET.match(text)
    if not found or len(text) == found.end():
        return "", text
    return found.group(1), text[found.end() :]


def is_bullet(text: str) -> bool:
    """The line is a bullet and nothing else."""
    return len(text) == 1 and _BULLET.match(f"{text} x") is not None


def number_of(text: str) -> Number | None:
    """The typed number a line begins with ("3.", "(b)", "iv)"), or None."""
    found = _NUMBER.match(text)
    if not found:
        return None
    typed = found.group().strip()
    digits, letter, roman = found.group(1) or found.group(4), found.group(2), found.group(3)
    style = re.sub(r"[\da-zA-Z]+", "#" if digits else "a", typed)
    if digits:
        return Number(value=int(digits), style=style, typed=typed)
    if letter and letter.lower() not in "iv":
        return Number(value=ord(letter.lower()) - ord("a") + 1, style=style, typed=typed)
    return Number(value=_roman(roman or letter), style=style.replace("a", "i"), typed=typed)


def without_number(text: str) -> str:
    """The words after a typed number."""
    found = _NUMBER.match(text)
    return text[found.end() :] if found else text


def _roman(letters: str) -> int:
    values = [_ROMAN[letter] for letter in letters.lower()]
    following = [*values[1:], 0]
    return sum(-one if one < two else one for one, two in zip(values, following, strict=True))
