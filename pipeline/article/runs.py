"""Runs put together: neighbours with the same marks as one, cells as one line.

In charge of: what every reader does with runs in the same way. Not in charge of: where the marks come from.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from pipeline.article.model import Run


def merged(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Neighbours with the same marks as one run, without empty ones; no white space at either end."""
    kept = [
        replace(same[0], text="".join(run.text for run in same))
        for _, together in groupby((run for run in runs if run.text), key=_marks)
        if (same := list(together))
    ]
    while kept and not kept[0].text.strip():
        del kept[0]
    while kept and not kept[-1].text.strip():
        del kept[-1]
    if kept:
        kept[0] = replace(kept[0], text=kept[0].text.lstrip())
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return tuple(kept)


def joined_cells(cells: tuple[tuple[Run, ...], ...]) -> tuple[Run, ...]:
    """All cells of a table row as one line of text, " | " between them."""
    divider = Run(text=" | ")
    return tuple(run for at, cell in enumerate(cells) for run in ((divider, *cell) if at else cell))


def _marks(run: Run) -> tuple[bool, bool, bool, str | None]:
    return run.strong, run.emphasis, run.code, run.link
