"""One delivery's life: every state with its time, its reason and who did it, in words.

In charge of: showing it. Not in charge of: the history itself (``store.overview``).
"""

from rich.table import Table

from pipeline.app.calendar import local
from pipeline.app.clinic import Clinic
from pipeline.cli.printing import console, print_json
from pipeline.delivery.states import FINAL, State
from pipeline.delivery.words import MENDS, REASON_WORDS, STATE_WORDS, actor_in_words
from pipeline.errors import NotAllowedError
from pipeline.store import overview, patients
from pipeline.store.overview import DeliveryRow, HistoryRow

_STYLES = {
    State.ACCEPTED: "green",
    State.DELIVERED: "green",
    State.HELD: "yellow",
    State.UNKNOWN: "red",
    State.BOUNCED: "red",
    State.COMPLAINED: "red",
    State.REFUSED: "red",
}


def show_life(clinic: Clinic, delivery_id: int, *, as_json: bool) -> None:
    """Print everything that happened to one delivery, oldest first, in the patient's own time."""
    with clinic.store.read() as tx:
        row = overview.find_delivery(tx, delivery_id)
        if row is None:
            raise NotAllowedError(
                f"There is no delivery {delivery_id}.", mend="list them with: pipeline calendar"
            )
        steps = overview.history(tx, delivery_id)
        person = patients.load_patient(tx, row.patient_id)
    if as_json:
        print_json([_moment(each) for each in steps])
        return
    out = console()
    who = person.patient.record if person else "erased"
    out.print(f"[bold]Delivery {row.id}[/bold]: part {row.part} of {row.series} to patient {who}")
    out.print(f"Times are those of {row.zone.replace('_', ' ')}.\n", style="dim", highlight=False)
    out.print(_table(row, steps))
    _say_what_comes(row)


def _table(row: DeliveryRow, steps: tuple[HistoryRow, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("When", "What", "Why", "By"):
        table.add_column(heading, overflow="fold")
    day = ""
    for each in steps:
        at = local(each.at, row.zone)
        today = f"{at:%a %-d %b %Y}"
        # The date stands once, so that the eye finds the days.
        shown = f"{today if today != day else '':<15} {at:%H:%M:%S}"
        day = today
        style = _STYLES.get(each.state, "")
        table.add_row(shown, f"[{style}]{_what(row, each)}[/]" if style else _what(row, each), _why(each),
                      actor_in_words(each.actor))  # fmt: skip
    return table


def _what(row: DeliveryRow, each: HistoryRow) -> str:
    words = STATE_WORDS[each.state]
    if each.state is State.PLANNED and each.due_at is not None:
        return f"{words}: {local(each.due_at, row.zone):%a %-d %b %Y, %H:%M}"
    if each.state is State.SENDING and each.attempt > 1:
        return f"{words}, attempt {each.attempt}"
    return words


def _why(each: HistoryRow) -> str:
    parts = (REASON_WORDS[each.reason] if each.reason else "", each.detail or "")
    return "; ".join(part for part in parts if part)


def _say_what_comes(row: DeliveryRow) -> None:
    out = console()
    if row.provider_id:
        out.print(f"\nThe mail service ({row.provider}) knows it as {row.provider_id}.", highlight=False)
    elif row.provider and row.state not in {State.PLANNED, State.SKIPPED}:
        out.print(f"\nThe mail service ({row.provider}) knows it by the key {row.key}.", highlight=False)
    if row.state is State.UNKNOWN:
        out.print(f"Find out whether it went, then: pipeline resolve {row.id} --as accepted|not-sent",
                  highlight=False, markup=False)  # fmt: skip
    elif row.state is State.HELD and row.reason is not None and row.reason in MENDS:
        out.print(f"What to do: {MENDS[row.reason]}", highlight=False, markup=False)
    elif row.state not in FINAL:
        out.print(f"It goes until {row.expires_on:%a %-d %b %Y}, or not at all.", highlight=False)


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
