"""One text with variables and everyone's values, against whole messages: bytes on the wire and speed.

In charge of: the three APIs that merge. Not in charge of: what is merged (``pipeline.providers.merging``).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

from benchmarks.ledger import NOW, PUBLIC_URL
from benchmarks.material import Material
from benchmarks.sink import sink
from benchmarks.timing import Budget, Case, Reading, Readings, Table
from pipeline.delivery.links import links_for
from pipeline.delivery.outcome import Accepted
from pipeline.keys import Keyring
from pipeline.providers.answers import Exchange
from pipeline.providers.mailgun import Mailgun
from pipeline.providers.port import Provider
from pipeline.providers.sendgrid import Sendgrid
from pipeline.providers.ses import Ses
from pipeline.providers.wire import Wire
from pipeline.rendering.compose import Composer
from pipeline.rendering.model import Bodies, Message
from pipeline.sections.mail import MailgunProvider, SendgridProvider, SesProvider

_MESSAGES = 500
_OF_THE_BYTES = 0.05


class _Counting:
    """A line that counts the bytes of the bodies it carries."""

    def __init__(self) -> None:
        self._wire = Wire(timeout_seconds=60)
        self.bytes = 0

    def exchange(
        self, method: str, url: str, *, body: Sequence[bytes], headers: Mapping[str, str]
    ) -> Exchange:
        self.bytes += sum(map(len, body))
        return self._wire.exchange(method, url, body=body, headers=headers)

    def close(self) -> None:
        self._wire.close()


def tables(material: Material) -> Iterator[Table | Readings]:
    """A table for each API that merges, and one of the bytes of all."""
    composer = Composer(replace(material.edition, parts=_plain(material)), material.number, trial=False)
    keyring = Keyring.generate()
    merged = [
        composer.message(
            replace(
                each,
                to=f"patient{number}@example.org",
                key=f"d{number}",
                links=links_for(number, keyring=keyring, public_url=PUBLIC_URL),
            )
        )
        for number, each in enumerate((list(material.recipients) * _MESSAGES)[:_MESSAGES])
    ]
    whole = [replace(each, bodies=Bodies.whole(html=each.html, text=each.text)) for each in merged]
    rows: list[Reading] = []
    with ExitStack() as stack:
        url = stack.enter_context(sink())
        for name in ("ses", "mailgun", "sendgrid"):
            line = _Counting()
            provider = stack.enter_context(closing(_open(name, url, line)))
            share = _bytes(provider, line, merged) / _bytes(provider, line, whole)
            rows.append(
                Reading(name=f"{name}: bytes merged, of those of whole messages", value=100 * share, unit="%",
                        budget="at most 5 %", kept=share <= _OF_THE_BYTES)
            )  # fmt: skip
            yield _speed(name, provider, merged, whole)
    yield Readings(title=f"Bytes on the wire, {_MESSAGES} messages, {material.size} part", rows=tuple(rows))


def _plain(material: Material) -> tuple:  # type: ignore[type-arg]  # parts as they are, without pictures
    return tuple(replace(part, pictures=()) for part in material.edition.parts)


def _open(name: str, url: str, line: _Counting) -> Provider:
    if name == "ses":
        keys = {"AWS_ACCESS_KEY_ID": "sample", "AWS_SECRET_ACCESS_KEY": "sample"}
        section = SesProvider(base_url=url, configuration_set="patients")
        return Ses(section, environment=keys, file="config.toml", clock=lambda: NOW, line=line)
    if name == "mailgun":
        mailgun = MailgunProvider(base_url=url, domain="mg.clinic.example.org")
        keys = {"MAILGUN_API_KEY": "k"}
        return Mailgun(mailgun, environment=keys, file="config.toml", sender_domain="example.org", line=line)
    sendgrid = SendgridProvider(base_url=url)
    return Sendgrid(sendgrid, environment={"SENDGRID_API_KEY": "k"}, file="config.toml", line=line)


def _bytes(provider: Provider, line: _Counting, messages: Sequence[Message]) -> int:
    line.bytes = 0
    for start in range(0, len(messages), provider.capabilities.max_batch):
        outcomes = provider.send(messages[start : start + provider.capabilities.max_batch])
        if not all(isinstance(each, Accepted) for each in outcomes):
            raise SystemExit(f"{provider.name}: {outcomes[0]}")
    return line.bytes


def _speed(name: str, provider: Provider, merged: Sequence[Message], whole: Sequence[Message]) -> Table:
    most = min(provider.capabilities.max_batch, _MESSAGES)
    one_call = [messages[:most] for messages in (merged, whole)]
    cases = [
        Case(name=f"{name}: {what}", run=provider.send, items=[messages], units=most)
        for what, messages in zip(("one text and values", "whole messages"), one_call, strict=True)
    ]
    return Table(
        title=f"{name}: from composed messages to the answer",
        unit="messages",
        cases=tuple(cases),
        base=cases[1].name,
        budgets=(Budget(case=cases[0].name, against=cases[1].name, at_least=1),),
    )
