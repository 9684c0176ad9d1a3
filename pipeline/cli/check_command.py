"""``pipeline check``: compile a series and check every part."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import Annotated

import typer

from pipeline.app.spam import spamassassin
from pipeline.cli.desk import open_desk
from pipeline.cli.printing import console, print_json
from pipeline.rendering.model import Finding, Severity

app = typer.Typer(help="Compile a series and check every part.")

#: Lines longer than this are hard to read on any screen.
_WIDEST = 100
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.ADVICE: "cyan"}
_COUNTED = {
    Severity.ERROR: ("error", "errors"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.ADVICE: ("piece of advice", "pieces of advice"),
}


@app.command()
def check(
    ctx: typer.Context,
    series: Annotated[
        str, typer.Argument(help="A series below content/, its folder, or an article.")
    ] = "first-weeks",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    spam: Annotated[
        bool, typer.Option(help="Ask SpamAssassin, where it is installed: some seconds a part.")
    ] = True,
) -> None:
    """Compile a series and check every part. Ends with 1 where an error would block approval."""
    scorer = spamassassin() if spam else None
    compiled = replace(open_desk(ctx.obj), spam=scorer).compiled(series)
    if as_json:
        print_json(
            {
                "edition": compiled.edition.sha256,
                "spam_checked": scorer is not None,
                "findings": [asdict(each) for each in compiled.findings],
            }
        )
    else:
        show_findings(compiled.findings)
        edition = compiled.edition
        typer.echo(f"{compiled.series.name}: {len(edition.parts)} parts, edition {edition.sha256[:12]}.")
        if scorer is None:
            why = "SpamAssassin is not installed" if spam else "--no-spam was given"
            typer.echo(f"The spam score was not checked: {why}.")
    if any(finding.severity is Severity.ERROR for finding in compiled.findings):
        raise typer.Exit(1)


def show_findings(findings: Sequence[Finding]) -> None:
    """Print findings for people, worst first: once what they have in common, below it where they stand."""
    width = min(console().width, _WIDEST)
    for (severity, code, why, mend), group in groupby(
        sorted(findings, key=lambda each: (list(Severity).index(each.severity), each.code, each.mend)),
        key=lambda each: (each.severity, each.code, each.why, each.mend),
    ):
        places = list(group)
        count = f"  ({len(places)} places)" if len(places) > 1 else ""
        weight = typer.style(f"{severity.upper():<8}", fg=_COLOURS[severity], bold=True)
        typer.echo(f"{weight} {typer.style(code, bold=True)}{count}")
        for line in _block(places, why, mend, width):
            typer.echo(line)
        typer.echo()
    typer.echo(_summary(findings))


def _block(places: Sequence[Finding], why: str, mend: str, width: int) -> Iterator[str]:
    """One kind of finding: what all places have in common, then each place."""
    what = {each.message for each in places}
    rows = [("what", next(iter(what)))] if len(what) == 1 else []
    rows += [("why", why), ("mend", mend)]
    rows += _places(places, with_message=len(what) > 1)
    label_width = max(len(label) for label, _ in rows)
    for label, text in rows:
        yield from textwrap.wrap(
            text,
            width,
            initial_indent=f"  {label:<{label_width}}  ",
            subsequent_indent=" " * (label_width + 4),
            break_on_hyphens=False,
        )


def _places(places: Sequence[Finding], *, with_message: bool) -> Iterator[tuple[str, str]]:
    """Label and text of each place; parts where the same is said in the same words share one line."""
    parts_by_text: dict[str, list[int | None]] = {}
    for each in places:
        text = f"{each.message} {_where(each)}".strip() if with_message else _where(each)
        parts_by_text.setdefault(text, []).append(each.part)
    return ((_parts(parts), text) for text, parts in parts_by_text.items())


def _parts(parts: Sequence[int | None]) -> str:
    numbers = sorted({part for part in parts if part is not None})
    if not numbers:
        return "where"
    named = ", ".join(map(str, numbers))
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        named = f"{numbers[0]}-{numbers[-1]}"
    return f"part {named}" if len(numbers) == 1 else f"parts {named}"


def _where(finding: Finding) -> str:
    """The place in words; the article's line stands first where it is known."""
    named = f"line {finding.line}"
    if finding.line is None or finding.place.startswith(named):
        return finding.place
    return f"{named}: {finding.place}" if finding.place else named


def _summary(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    named = [
        f"{counts[severity]} {words[0] if counts[severity] == 1 else words[1]}"
        for severity, words in _COUNTED.items()
    ]
    return f"{', '.join(named)}." if findings else "No findings."
