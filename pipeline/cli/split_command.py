"""``pipeline split``: read an article, cut it into parts, prove that nothing is lost."""

from typing import Annotated, Any

import typer

from pipeline.cli.desk import open_desk
from pipeline.cli.printing import console, print_json, print_table
from pipeline.series.drafting import Draft
from pipeline.series.report import split_report

app = typer.Typer(help="Read an article, cut it into parts, prove that nothing is lost.")

_EXCERPT = 60


@app.command()
def split(
    ctx: typer.Context,
    article: Annotated[str, typer.Argument(help="An article's path, or a series below content/.")],
    parts: Annotated[int | None, typer.Option(min=1, help="How many parts.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.5, help="Reading minutes of each part.")] = None,
    plan: Annotated[int, typer.Option(min=1, help="Take the second or third best plan instead.")] = 1,
    *,
    write: Annotated[bool, typer.Option("--write", help="Save series.toml beside the article.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show why each line was read as it was.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Read an article, cut it into parts, and prove that every block is in exactly one of them."""
    if parts is not None and minutes is not None:
        raise typer.BadParameter("choose --parts or --minutes, not both")
    desk = open_desk(ctx.obj)
    files = desk.find(article)
    draft = desk.draft(files, parts=parts, minutes=minutes, plan=plan)
    report = split_report(draft, explain=explain)
    saved = desk.save(files, draft) if write else None
    if as_json:
        print_json(report)
        return
    _show(report, draft)
    if explain:
        _show_reasons(report["explain"])
    if saved is None:
        typer.echo("Nothing was written. Add --write to save series.toml beside the article.")
    else:
        typer.echo(f"Saved {saved}: titles, subjects, days and cuts may be changed there.")


def _show(report: dict[str, Any], draft: Draft) -> None:
    rows = [
        (part["number"], part["title"], f"{part['day']:+d}", part["words"], part["minutes"], part["grade"],
         _lines(part))
        for part in report["parts"]
    ]  # fmt: skip
    title = f"{report['article']}: {len(rows)} parts at {draft.words_per_minute} words a minute"
    print_table(("Part", "Title", "Day", "Words", "Minutes", "Grade", "Lines"), rows, title=title)
    if report["dropped"]:
        left_out = [(one["line"], one["text"][:_EXCERPT], one["reason"]) for one in report["dropped"]]
        print_table(("Line", "Left out", "Why"), left_out)
    _show_proof(report["coverage"])
    for note in report["notes"]:
        typer.echo(f"Note: {note}")
    for note in report["source_notes"]:
        typer.echo(f"In the article, line {note['line'] or '?'}: {note['message']}")
    _show_other_plans(report["plans"])


def _show_proof(proof: dict[str, Any]) -> None:
    whole = "every block is in exactly one part, in order, word for word"
    counts = f"{proof['blocks']} blocks, {proof['in_parts']} in parts, {proof['left_out']} left out"
    typer.echo(f"Proof: {counts}: {whole if proof['ok'] else 'BLOCKS ARE LOST'}.")


def _show_other_plans(plans: list[dict[str, Any]]) -> None:
    for plan in plans[1:]:
        words = ", ".join(str(count) for count in plan["words"])
        typer.echo(f"Nearly as good (cost {plan['cost']} against {plans[0]['cost']}): {words} words")


def _lines(part: dict[str, Any]) -> str:
    return f"{part['first_line']}-{part['last_line']}" if part["first_line"] and part["last_line"] else ""


def _show_reasons(rows: list[dict[str, Any]]) -> None:
    shown = [
        (row["line"], row["kind"] + (f" {row['level']}" if row["level"] else ""), f"{row['confidence']:.2f}",
         row["reason"], row["text"][:_EXCERPT])
        for row in rows
    ]  # fmt: skip
    print_table(
        ("Line", "Read as", "Sure", "Because", "Text"), shown, title="Why each line was read as it was"
    )
    console().print()
