"""The configured mail API: is it set up, what can it do, and one message through it as a test.

In charge of: opening it for a check, saying what it lacks, and whom a test may reach. Not in charge of: the
APIs themselves (``providers``), sending to patients (``engine``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from pipeline.app.authoring import Compiled
from pipeline.app.samples import sample_message
from pipeline.config import Config
from pipeline.delivery.outcome import Outcome
from pipeline.errors import ConfigError, NotAllowedError, Place
from pipeline.patients.addresses import address_key
from pipeline.providers.port import Capabilities
from pipeline.providers.registry import capabilities, open_provider
from pipeline.providers.rehearsal import Rehearsal
from pipeline.providers.shortcomings import Shortcoming, Weight, shortcomings
from pipeline.rendering.compose import address
from pipeline.rendering.mime import to_mime
from pipeline.rendering.model import Edition, Message
from pipeline.sections.mail import Mode

#: Headings of ``capability_row``.
CAPABILITIES: Final = (
    "API",
    "per call",
    "repeatable",
    "key back",
    "unsubscribe",
    "pictures",
    "Message-ID",
    "untracked",
    "reports",
    "merges",
)
#: Neither has requests that could be shown.
_WITHOUT_REQUESTS: Final = ("outbox", "smtp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a test."""

    provider: str
    #: None: a dry run.
    outcome: Outcome | None
    #: What was sent, or would have been, without secrets. It holds the address of the test.
    requests: tuple[str, ...] = field(default=(), repr=False)


def check_mail_api(
    config: Config, environment: Mapping[str, str], *, clock: Callable[[], datetime]
) -> tuple[Shortcoming, ...]:
    """What the configured API lacks without standing in the way now, gravest first.

    Raises ConfigError for a missing section or secret, and for a shortcoming that the configuration cannot
    do with. Asks no server, writes no file.
    """
    name = config.provider.name
    if name != "outbox":
        open_provider(config, environment, clock=clock).close()
    found = shortcomings(capabilities(config)[name], has_pictures=config.brand.logo is not None)
    for each in found:
        if each.weight is Weight.BLOCKS_CONFIG:
            raise ConfigError(each.what, where=Place(file=config.file, key="provider.name"), mend=each.mend)
    return found


def try_mail_api(
    config: Config,
    environment: Mapping[str, str],
    *,
    clock: Callable[[], datetime],
    message: Message,
    dry_run: bool,
) -> Tried:
    """Hand ``message`` to the configured API, or with ``dry_run`` only show what would be sent.

    Raises NotAllowedError for an address that no mail may go to in trial mode; errors as ``check_mail_api``.
    """
    name = config.provider.name
    if not dry_run:
        refuse_strangers(config, capabilities(config)[name], message.to)
    if dry_run and name in _WITHOUT_REQUESTS:
        shown = to_mime(message, date=clock()).decode("ascii", errors="replace")
        return Tried(provider=name, outcome=None, requests=(shown,))
    rehearsal = Rehearsal()
    provider = open_provider(config, environment, clock=clock, line=rehearsal if dry_run else None)
    try:
        (outcome,) = provider.send([message])
    finally:
        provider.close()
    return Tried(provider=name, outcome=None if dry_run else outcome, requests=tuple(rehearsal.requests))


def refuse_strangers(config: Config, can: Capabilities, to: str) -> None:
    """Raise NotAllowedError where a trial would send mail to somebody who is not on the trial list."""
    listed = {address_key(each) for each in config.sending.trial_list}
    if config.sending.mode is Mode.TRIAL and can.leaves_machine and address_key(to) not in listed:
        raise NotAllowedError(
            "In trial mode mail goes to the trial list only, and this address is not on it.",
            where=Place(file=config.file, key="sending.trial_list"),
            mend="add your own address to sending.trial_list, or try with --dry-run",
        )


def fitting_part(edition: Edition, can: Capabilities) -> int:
    """The first part that the API can carry, else the first."""
    fitting = (part.number for part in edition.parts if can.pictures or not part.pictures)
    return next(fitting, edition.parts[0].number)


def trial_message(compiled: Compiled, number: int, *, to: str, key: str) -> Message:
    """Part ``number`` with the trial banner and sample links, for ``to``; ``key`` is opaque and new.

    Raises MessageRefusedError for an address that cannot be mailed, LookupError for no such part.
    """
    sample = sample_message(compiled, number)
    domain = sample.from_address.rpartition("@")[2]
    headers = tuple((name, key if name == "X-Delivery-Key" else value) for name, value in sample.headers)
    return replace(sample, to=address(to), key=key, message_id=f"<{key}@{domain}>", headers=headers)


def capability_row(name: str, can: Capabilities) -> tuple[str, ...]:
    """What an API can do, in words, under the headings of ``CAPABILITIES``."""
    answers = (
        can.metadata, can.list_unsubscribe, can.pictures, can.message_id, can.untracked, can.events,
        can.merges,
    )  # fmt: skip
    return (
        name,
        str(can.max_batch),
        _how_long(can.idempotency),
        *("yes" if each else "no" for each in answers),
    )


def _how_long(time: timedelta | None) -> str:
    if time is None:
        return "never"
    if time == timedelta.max:
        return "ever"
    minutes = int(time.total_seconds() // 60)
    return f"{minutes // 60} hours" if minutes % 60 == 0 else f"{minutes} minutes"
