"""Levels that numbers give: "2.1" lies under "2.", and a run 1. 2. 3. is one rank.

In charge of: headings with a number, and those between two numbers. Not in charge of: headings that no
number reaches (``level_signs``).
"""

import re
from dataclasses import dataclass

from pipeline.article.level_outline import Head, promise_of

_DECIMAL = re.compile(r"(\d{1,2}(?:\.\d{1,2})+)\.?\s")
_SIMPLE = re.compile(r"(\(?)(\d{1,3}|[IVX]{1,5})([.):])\s|([^\W\d_]{3,10})\s(\d{1,3})\s?[:.–—-]\s")
#: Bounds on the time that a heap of numbered lines takes, far above what an article has.
_MOST_RUNS, _MOST_OPEN = 200, 8
_ROMAN = {"I": 1, "V": 5, "X": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level with its certainty and reason."""

    level: int
    confidence: float
    reason: str


def levels_by_number(heads: tuple[Head, ...]) -> dict[int, Level]:
    """Levels by position in ``heads``, for those that a number settles."""
    found: dict[int, Level] = {}
    decimal = {at: match for at, head in enumerate(heads) if (match := _DECIMAL.match(head.view.text))}
    runs = _runs(heads)
    for run in runs[:_MOST_RUNS]:
        level = 3 if _nested(heads, run, runs) else 2
        found |= dict.fromkeys(
            (at for at in range(run[0] + 1, run[-1]) if at not in decimal),
            Level(level=3, confidence=0.7, reason="stands between two numbered headings"),
        )
        found |= dict.fromkeys(run, Level(level=level, confidence=0.85, reason="one of a numbered run"))
        if run[-1] + 1 < len(heads) and level == 3 and run[-1] + 1 not in decimal:
            found.setdefault(run[-1] + 1, Level(level=2, confidence=0.7, reason="comes after a numbered run"))
    for at, match in decimal.items():
        depth = match.group(1).count(".")
        found[at] = Level(level=min(4, 2 + depth), confidence=0.95, reason="its number says so")
    return found


def _runs(heads: tuple[Head, ...]) -> list[list[int]]:
    """Positions of headings that count on from each other in one style, two or more."""
    runs: list[list[int]] = []
    last: list[tuple[str, int]] = []
    for at, head in enumerate(heads):
        key = _number(head.view.text)
        if key is None:
            continue
        style, value = key
        youngest = range(len(runs) - 1, max(-1, len(runs) - 1 - _MOST_OPEN), -1)
        place = next((run for run in youngest if last[run] == (style, value - 1)), None)
        if place is None:
            runs.append([at])
            last.append(key)
        else:
            runs[place].append(at)
            last[place] = key
    return [run for run in runs if len(run) >= 2]


def _number(text: str) -> tuple[str, int] | None:
    found = _SIMPLE.match(text)
    if found is None or _DECIMAL.match(text):
        return None
    if found.group(4):
        return found.group(4).casefold(), int(found.group(5))
    typed, style = found.group(2), found.group(1) + found.group(3)
    if typed.isdecimal():
        return style, int(typed)
    values = [_ROMAN[letter] for letter in typed]
    return f"roman{style}", sum(
        -one if one < two else one for one, two in zip(values, [*values[1:], 0], strict=True)
    )


def _nested(heads: tuple[Head, ...], run: list[int], runs: list[list[int]]) -> bool:
    """The run lies under the heading before it: announced, promised, or one of several runs."""
    first = heads[run[0]]
    if run[0] == 0:
        return False
    parent = heads[run[0] - 1]
    unnumbered = _number(parent.view.text) is None
    counted = {promise_of(parent.view), first.promised} & {len(run)}
    told = first.adjacent or first.announced or bool(counted)
    # A short run late in an article of unnumbered sections counts the parts of one of them.
    late = run[0] >= max(2, len(run) + 1) and not any(_number(head.view.text) for head in heads[: run[0]])
    return unnumbered and (told or late or _restarts(heads, run, runs))


def _restarts(heads: tuple[Head, ...], run: list[int], runs: list[list[int]]) -> bool:
    """Another run begins anew under a heading of its own: both are parts of sections."""
    mine = _number(heads[run[0]].view.text)
    others = (other for other in runs[:_MOST_RUNS] if other is not run and other[0] > 0)
    return any(_number(heads[other[0]].view.text) == mine for other in others)
