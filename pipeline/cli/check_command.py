"""``pipeline check``: compile a series and check every part."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.desk import open_desk
from pipeline.cli.printing import print_json, print_table
from pipeline.rendering.model import Finding, Severity

app = typer.Typer(help="Compile a series and check every part.")


@app.command()
def check(
    ctx: typer.Context,
    series: Annotated[
        str, typer.Argument(help="A series below content/, its folder, or an article.")
    ] = "first-weeks",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Compile a series and check every part. Ends with 1 where an error would block approval."""
    compiled = open_desk(ctx.obj).compiled(series)
    if as_json:
        print_json(
            {"edition": compiled.edition.sha256, "findings": [asdict(each) for each in compiled.findings]}
        )
    else:
        show_findings(compiled.findings)
        edition = compiled.edition
        typer.echo(f"{compiled.series.name}: {len(edition.parts)} parts, edition {edition.sha256[:12]}.")
    if any(finding.severity is Severity.ERROR for finding in compiled.findings):
        raise typer.Exit(1)


def show_findings(findings: Sequence[Finding]) -> None:
    """Print findings for people, worst first."""
    if not findings:
        typer.echo("No findings.")
        return
    rows = [(each.severity, each.part or "all", each.message, each.place, each.mend) for each in findings]
    print_table(("Weight", "Part", "What", "Where", "How to mend"), rows)
