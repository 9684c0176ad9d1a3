"""``pipeline events``: what mail services reported, counted; and what could not be used.

In charge of: its words and its JSON. Not in charge of: taking reports in (``actions.taking_in``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json, print_table
from pipeline.delivery.events import EventKind
from pipeline.store import events as kept
from pipeline.store import hook_calls, refusals
from pipeline.store.database import Tx
from pipeline.store.events import EventCount, Kept, Standing
from pipeline.store.refusals import Refusals

app = typer.Typer(help="What mail services reported, counted.")

#: So many events that were not understood are shown.
_NEWEST = 10
_WORDS: Mapping[EventKind, str] = {
    EventKind.ACCEPTED: "taken by the mail service",
    EventKind.DELIVERED: "delivered",
    EventKind.DELAYED: "delayed, the service goes on trying",
    EventKind.BOUNCED_HARD: "came back: nobody has this address",
    EventKind.BOUNCED_SOFT: "came back this time",
    EventKind.DROPPED: "not tried: on a list of the service's own",
    EventKind.COMPLAINED: "marked as spam",
    EventKind.UNSUBSCRIBED: "unsubscribed at the service",
    EventKind.AUTO_REPLY: "answered by a machine: changes nothing",
    EventKind.OTHER: "not understood, and kept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    counts: Sequence[EventCount]
    odd: Sequence[Kept]
    standing: Mapping[tuple[str, Standing], int]
    unreadable: Mapping[str, int]
    refused: Sequence[Refusals]


@app.command()
def events(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Per mail service: what it reported, what belongs to nobody, what nobody could read or prove."""
    with open_clinic(ctx.obj) as clinic:
        with clinic.store.read() as tx:
            found = _gather(tx)
        zone = clinic.config.zone
        if as_json:
            print_json(_as_json(found))
            return
    if found.counts:
        rows = [
            (each.provider, _WORDS[each.kind], each.count, f"{each.newest.astimezone(zone):%d %b %Y, %H:%M}")
            for each in found.counts
        ]
        print_table(("Service", "What", "How often", "Newest"), rows)
    else:
        typer.echo("No mail service has reported anything yet.")
    _show_not_understood(found)
    for line in _odd(found):
        typer.echo(line)


def _show_not_understood(found: _Found) -> None:
    for each in found.odd:
        words = f": {each.event.detail}" if each.event.detail else ""
        typer.echo(f"{each.provider} said {each.event.said!r}{words}")


def _gather(tx: Tx) -> _Found:
    return _Found(
        counts=kept.count_events(tx),
        odd=kept.odd_events(tx, limit=_NEWEST),
        standing=kept.count_standing(tx),
        unreadable=hook_calls.count_unreadable(tx),
        refused=refusals.counted(tx),
    )


def _odd(found: _Found) -> list[str]:
    """What a person should know beside the counts."""
    lines = [
        f"{provider}: reports about no email of this clinic: {count}."
        for (provider, standing), count in found.standing.items()
        if standing is Standing.STRAY
    ]
    lines += [
        f"{provider}: reports that wait until their email is known: {count}."
        for (provider, standing), count in found.standing.items()
        if standing is Standing.WAITING
    ]
    lines += [
        f"{provider}: calls that could not be read: {count}; they are kept. "
        "Did the service change its format?"
        for provider, count in found.unreadable.items()
    ]
    return lines + [
        f"{each.provider}: calls refused, because they proved nothing: {each.count}. "
        "If they are real, check the webhook's secret on both sides."
        for each in found.refused
    ]


def _as_json(found: _Found) -> dict[str, object]:
    return {
        "events": [
            {
                "provider": each.provider, "kind": each.kind.value, "count": each.count,
                "newest": each.newest.isoformat(),
            }
            for each in found.counts
        ],
        "not_understood": [
            {
                "provider": each.provider, "said": each.event.said, "detail": each.event.detail,
                "received": each.received_at.isoformat(),
            }
            for each in found.odd
        ],
        "standing": [
            {"provider": provider, "standing": standing.value, "count": count}
            for (provider, standing), count in found.standing.items()
        ],
        "unreadable": dict(found.unreadable),
        "refused": [
            {"provider": each.provider, "count": each.count, "newest": each.newest.isoformat()}
            for each in found.refused
        ],
    }  # fmt: skip
