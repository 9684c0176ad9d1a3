"""What a mail API cannot do, and what follows: nothing that is missing is left out silently.

In charge of: judging capabilities. Not in charge of: the capabilities themselves (each API's file), who is
told (``pipeline config check``, ``pipeline provider show``, the switch to live).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pipeline.providers.port import Capabilities


class Weight(StrEnum):
    """What a shortcoming does."""

    #: The configuration asks for something that this API cannot do.
    BLOCKS_CONFIG = "blocks_config"
    #: Fine for a trial; patients get no mail through it.
    BLOCKS_LIVE = "blocks_live"
    #: Worth knowing.
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcoming:
    """One thing an API cannot do, in words."""

    #: Stable: ``pictures``, ``delivery_key``, ``list_unsubscribe``, ``tracking``, ``stays_here``, ...
    code: str
    weight: Weight
    what: str
    mend: str


def shortcomings(capabilities: Capabilities, *, has_pictures: bool = False) -> tuple[Shortcoming, ...]:
    """Everything that is missing, gravest first; ``has_pictures``: the clinic's mail shows pictures."""
    found = tuple(_found(capabilities, has_pictures=has_pictures))
    return tuple(sorted(found, key=lambda each: tuple(Weight).index(each.weight)))


def _found(can: Capabilities, *, has_pictures: bool) -> Iterator[Shortcoming]:
    if not can.pictures:
        yield Shortcoming(
            code="pictures",
            weight=Weight.BLOCKS_CONFIG if has_pictures else Weight.NOTE,
            what="This mail API cannot show pictures that travel inside a message.",
            mend="leave brand.logo out and use no pictures in articles, or choose another API",
        )
    if not can.metadata:
        yield Shortcoming(
            code="delivery_key",
            weight=Weight.BLOCKS_LIVE,
            what="This mail API does not give our delivery key back, so its reports match no delivery.",
            mend="for ses set provider.ses.configuration_set; for http put {key} or {headers} in the body",
        )
    if not can.list_unsubscribe:
        yield Shortcoming(
            code="list_unsubscribe",
            weight=Weight.BLOCKS_LIVE,
            what="This mail API puts no List-Unsubscribe of ours into the message.",
            mend="use a transactional stream, for http put {headers} in the body, or choose another API",
        )
    yield from _about_tracking(can)
    yield from _about_what_comes_back(can)


def _about_tracking(can: Capabilities) -> Iterator[Shortcoming]:
    if not can.untracked:
        yield Shortcoming(
            code="tracking",
            weight=Weight.BLOCKS_LIVE,
            what="A request cannot switch this API's own open and click tracking off.",
            mend="switch it off in the account, look that it is, then set tracking_is_off = true",
        )
    if not can.leaves_machine:
        yield Shortcoming(
            code="stays_here",
            weight=Weight.BLOCKS_LIVE,
            what="Mail stays on this machine: no patient would get any.",
            mend="choose a mail API in provider.name before going live",
        )


def _about_what_comes_back(can: Capabilities) -> Iterator[Shortcoming]:
    if can.idempotency is None:
        yield Shortcoming(
            code="idempotency",
            weight=Weight.NOTE,
            what="It may send a repeated request twice, so a message without an answer is not sent again.",
            mend="staff resolve such messages; pipeline unknowns lists them",
        )
    if not can.events and can.leaves_machine:
        yield Shortcoming(
            code="events",
            weight=Weight.NOTE,
            what="It reports neither delivery nor bounce to us: what it accepted counts as sent.",
            mend="read the bounces in the mailbox of the sender's address",
        )
