"""``pipeline report``: what became of each part of each series, what patients said, and addresses to correct.

In charge of: its words and its JSON. Not in charge of: counting (``store.reports``) or what is alarming
(``delivery.alarm``).
"""

from collections.abc import Sequence
from typing import Annotated

import typer

from pipeline.actions.reporting import Report, report_on
from pipeline.app.listening import feedback_rules
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import console, print_json, print_table
from pipeline.delivery.alarm import Level, in_words
from pipeline.store.reports import PartCount

app = typer.Typer(help="What became of each part, and what patients said of it.")

_HEADINGS = ("Part", "Sent", "Delivered", "Came back", "Spam", "Stopped after it", "Helpful", "Not helpful")


@app.command()
def report(
    ctx: typer.Context,
    series: Annotated[str | None, typer.Option(help="Only this series.")] = None,
    *,
    names: Annotated[bool, typer.Option("--names", help="Show names beside record numbers.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Per series and part: sent, delivered, came back, marked as spam, stopped after it, helpful or not.

    Below it: how many patients marked a series as spam lately, and the addresses that want correcting.
    """
    with open_clinic(ctx.obj) as clinic:
        rules = feedback_rules(clinic.config).alarm
        with clinic.store.read() as tx:
            found = report_on(tx, series, rules, now=clinic.clock())
    if as_json:
        print_json(_as_json(found, names=names))
        return
    _show(found.parts)
    _show_complaints(found, days=rules.span.days)
    _show_addresses(found, names=names)


def _show(parts: Sequence[PartCount]) -> None:
    if not parts:
        typer.echo("Nothing has gone out yet.")
    for name in dict.fromkeys(each.series for each in parts):
        rows = [
            (each.part, each.sent, each.delivered, each.bounced, each.complained, each.unsubscribed,
             each.helpful, each.not_helpful)
            for each in parts
            if each.series == name
        ]  # fmt: skip
        print_table(_HEADINGS, rows, title=f"Series {name}")


def _show_complaints(found: Report, *, days: int) -> None:
    out = console()
    for each, how in found.complaints:
        if each.complained:
            style = {Level.FINE: "", Level.WATCH: "yellow", Level.STOP: "red"}[how]
            said = f"{each.series}: of the last {days} days' emails {in_words(each)}."
            out.print(said, style=style, highlight=False, markup=False)


def _show_addresses(found: Report, *, names: bool) -> None:
    if not found.wrong_addresses:
        return
    out = console()
    out.print("\n[bold]Addresses to correct[/bold] (then close the call: pipeline calls)")
    for patient in found.wrong_addresses:
        name = f"  {patient.given} {patient.family}" if names else ""
        out.print(f"  {patient.record}{name}", highlight=False, markup=False)


def _as_json(found: Report, *, names: bool) -> dict[str, object]:
    return {
        "parts": [
            {
                "series": each.series, "part": each.part, "sent": each.sent, "delivered": each.delivered,
                "bounced": each.bounced, "complained": each.complained, "unsubscribed": each.unsubscribed,
                "helpful": each.helpful, "not_helpful": each.not_helpful,
            }
            for each in found.parts
        ],
        "complaints": [
            {
                "series": each.series, "sent": each.sent, "complained": each.complained,
                "percent": round(each.percent, 4), "level": how.value,
            }
            for each, how in found.complaints
        ],
        "wrong_addresses": [
            {
                "patient": each.record,
                **({"name": f"{each.given} {each.family}".strip()} if names else {}),
            }
            for each in found.wrong_addresses
        ],
    }  # fmt: skip
