"""Is it valid HTML? Asked of a strict parser, and of the Nu validator where a vnu.jar is at hand.

The Nu validator also warns of attributes that HTML calls obsolete and Outlook needs (``width``, ``align``,
``cellpadding``): those are no errors.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import html5lib


def parse_errors(html: str) -> list[str]:
    """What the HTML standard calls a parse error, with line and column."""
    parser = html5lib.HTMLParser()
    parser.parse(html)
    return [f"{position}: {code} {details}" for position, code, details in parser.errors]


def broken(pages: Mapping[str, str]) -> dict[str, list[str]]:
    """The pages (by any name) that have parse errors."""
    found = {name: parse_errors(html) for name, html in pages.items()}
    return {name: errors for name, errors in found.items() if errors}


def nu_errors(jar: Path, pages: Mapping[str, str], folder: Path) -> list[str]:
    """What the Nu validator calls an error in ``pages``, written to ``folder``."""
    files = [folder / f"{number:03}.html" for number, _ in enumerate(pages)]
    for file, html in zip(files, pages.values(), strict=True):
        file.write_text(html, encoding="utf-8")
    told = subprocess.run(
        ["java", "-jar", jar, "--errors-only", "--format", "gnu", *files],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    names = list(pages)
    lines = [line.partition('.html":') for line in (told.stdout + told.stderr).splitlines()]
    found = [f"{names[int(start[-3:])]}: {error}" for start, mark, error in lines if mark]
    assert (told.returncode == 0) == (not found), told.stderr[:500]
    return found
