"""``pipeline status``: what waits and why, what needs a person, what is stuck; and one delivery's life.

In charge of: its words and its JSON. Not in charge of: the judgement (``delivery.health``), one delivery's
life (``life``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from pipeline.app.clinic import Clinic
from pipeline.app.standing import Overall, overall
from pipeline.cli.life import show_life
from pipeline.cli.moments import span_in_words
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import console, print_json
from pipeline.delivery.health import Group, Notice, in_words, needs, passes_by_itself, stops, stuck
from pipeline.delivery.states import State
from pipeline.delivery.words import REASON_WORDS, STATE_WORDS

app = typer.Typer(help="What waits and why, what needs you, what is stuck; one delivery's life.")
_MINUTE = timedelta(minutes=1)


@app.command()
def status(
    ctx: typer.Context,
    delivery: Annotated[int | None, typer.Option(help="One delivery's number: show its whole life.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """What waits and why, what needs a person, what is stuck; with --delivery the life of one."""
    with open_clinic(ctx.obj) as clinic:
        if delivery is not None:
            show_life(clinic, delivery, as_json=as_json)
        elif as_json:
            print_json(_as_json(clinic, overall(clinic)))
        else:
            _show(clinic, overall(clinic))


def _show(clinic: Clinic, found: Overall) -> None:
    out, now = console(), found.situation.now
    zone = clinic.config.zone
    _show_heading(clinic, found, out)
    _show_notices(out, "Nothing goes out now", stops(found.situation), now, "red")
    _show_notices(out, "Something is wrong", stuck(found.situation), now, "red")
    _show_notices(out, "Needs you", needs(found.situation), now, "yellow")
    _show_waiting(found, out, zone)
    counted = [f"{count} {STATE_WORDS[state].lower()}" for state, count in _in_order(found.counts)]
    out.print(f"\nAll deliveries: {', '.join(counted) or 'none yet'}.", highlight=False)
    if needs(found.situation) or stuck(found.situation):
        out.print("One of them: pipeline status --delivery NUMBER", style="dim", highlight=False)


def _show_heading(clinic: Clinic, found: Overall, out: Console) -> None:
    now, last = found.situation.now, found.situation.last_tick
    looked = f"looked for due mail {_ago(now - last)}" if last else "not started yet"
    good = not stops(found.situation) and not stuck(found.situation)
    word = "[green]all is well[/green]" if good and last else "see below" if not good else "ready"
    mode, provider = clinic.config.sending.mode, found.situation.provider
    out.print(f"[bold]Sending[/bold] ({mode}, {provider}): {word}; {looked}.", highlight=False)
    if found.used_today is not None:
        quota = clinic.config.sending.per_day
        of = f" of {quota}" if quota else ""
        out.print(f"Left today (UTC): {found.used_today}{of}.", highlight=False)


def _show_notices(out: Console, heading: str, notices: Sequence[Notice], now: datetime, colour: str) -> None:
    if not notices:
        return
    out.print(f"\n[bold {colour}]{heading}[/bold {colour}]")
    for each in notices:
        count = f"{each.count} " if each.count and each.code not in {"stuck", "abandoned"} else ""
        since = f"  (since {span_in_words(now - each.since)})" if each.since and each.code != "silent" else ""
        out.print(f"  {count}{each.what}{since}", highlight=False, markup=False)
        out.print(f"      {each.mend}", highlight=False, markup=False, style="cyan")


def _show_waiting(found: Overall, out: Console, zone: ZoneInfo) -> None:
    planned = found.counts.get(State.PLANNED, 0)
    waiting = passes_by_itself(found.situation)
    if not planned and not waiting:
        return
    out.print("\n[bold]Waiting[/bold]")
    if planned:
        due = found.next_due.astimezone(zone) if found.next_due else None
        then = f", the next one due {due:%a %-d %b %Y, %H:%M}" if due else ""
        out.print(f"  {planned} for their day{then}", highlight=False)
    for group in found.situation.overdue:
        why = f" ({REASON_WORDS[group.reason]})" if group.reason else ""
        out.print(f"  {group.count} of them due by now{why}", highlight=False, markup=False)
    for group in waiting:
        out.print(f"  {group.count} {in_words(group)}", highlight=False, markup=False)


def _in_order(counts: Mapping[State, int]) -> list[tuple[State, int]]:
    return [(state, counts[state]) for state in State if counts.get(state)]


def _ago(span: timedelta) -> str:
    return "just now" if span < _MINUTE else f"{span_in_words(span)} ago"


def _as_json(clinic: Clinic, found: Overall) -> dict[str, object]:
    breaker, limits = found.situation.breaker, clinic.limits
    allowed = found.situation.leave
    return {
        "deliveries": {state.value: count for state, count in found.counts.items()},
        "next_due": _iso(found.next_due),
        "halted": found.halted.everything or sorted(found.halted.series),
        "last_tick": _iso(found.situation.last_tick),
        "stopped": [_notice(each) for each in stops(found.situation)],
        "stuck": [_notice(each) for each in stuck(found.situation)],
        "needs": [_notice(each) for each in needs(found.situation)],
        "waiting": [_group(each) for each in (*found.situation.overdue, *passes_by_itself(found.situation))],
        "breaker": {
            "open": breaker.is_open(found.situation.now),
            "reason": breaker.reason or None,
            "since": _iso(breaker.since),
            "until": _iso(breaker.open_until),
        },
        "quota": {
            "per_second": limits.per_second,
            "per_day": limits.per_day,
            "used_today": found.used_today,
            "again_at": _iso(allowed.again_at) if allowed else None,
        },
    }


def _notice(each: Notice) -> dict[str, object]:
    return {
        "code": each.code,
        "count": each.count,
        "since": _iso(each.since),
        "what": each.what,
        "mend": each.mend,
    }


def _group(each: Group) -> dict[str, object]:
    reason = each.reason.value if each.reason else None
    return {"state": each.state.value, "reason": reason, "count": each.count, "oldest": _iso(each.oldest)}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
