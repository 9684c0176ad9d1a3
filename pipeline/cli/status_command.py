"""``pipeline status``: how many wait, went, failed; and one delivery's life."""

from typing import Annotated

import typer

from pipeline.app.calendar import local
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json, print_table
from pipeline.delivery.words import REASON_WORDS, STATE_WORDS
from pipeline.errors import NotAllowedError
from pipeline.store import marks, overview
from pipeline.store.database import Tx
from pipeline.store.overview import HistoryRow

app = typer.Typer(help="How many wait, went, failed; one delivery's life.")


@app.command()
def status(
    ctx: typer.Context,
    delivery: Annotated[int | None, typer.Option(help="One delivery's number: show its whole life.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """How many deliveries wait, went or need a person; with --delivery the life of one."""
    with open_clinic(ctx.obj) as clinic, clinic.store.read() as tx:
        if delivery is not None:
            _show_life(tx, delivery, as_json=as_json)
        else:
            _show_counts(tx, as_json=as_json)


def _show_counts(tx: Tx, *, as_json: bool) -> None:
    counts, due, stopped = overview.count_by_state(tx), overview.next_due(tx), marks.halted(tx)
    if as_json:
        print_json(
            {
                "deliveries": {state.value: count for state, count in counts.items()},
                "next_due": due.isoformat() if due else None,
                "halted": stopped.everything or sorted(stopped.series),
            }
        )
        return
    print_table(("State", "Deliveries"), [(STATE_WORDS[state], count) for state, count in counts.items()])
    typer.echo(f"Next due: {due.isoformat() if due else 'nothing is planned'}")
    if stopped.everything or stopped.series:
        typer.echo(f"Sending is stopped for: {', '.join(sorted(stopped.series)) or 'everything'}")


def _show_life(tx: Tx, delivery_id: int, *, as_json: bool) -> None:
    row = overview.find_delivery(tx, delivery_id)
    if row is None:
        raise NotAllowedError(
            f"There is no delivery {delivery_id}.", mend="list them with: pipeline calendar"
        )
    life = overview.history(tx, delivery_id)
    if as_json:
        print_json([_moment(each) for each in life])
        return
    shown = [
        (f"{local(each.at, row.zone):%Y-%m-%d %H:%M:%S}", STATE_WORDS[each.state],
         REASON_WORDS[each.reason] if each.reason else "", each.detail, each.actor)
        for each in life
    ]  # fmt: skip
    print_table(
        ("When", "State", "Why", "Detail", "By"), shown, title=f"Delivery {delivery_id}, part {row.part}"
    )


def _moment(each: HistoryRow) -> dict[str, object]:
    return {
        "at": each.at.isoformat(),
        "state": each.state.value,
        "reason": each.reason.value if each.reason else None,
        "detail": each.detail,
        "due_at": each.due_at.isoformat() if each.due_at else None,
        "attempt": each.attempt,
        "actor": each.actor,
    }
