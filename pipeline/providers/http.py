"""Any mail API that takes one JSON request per message, described in config.toml.

In charge of: filling the configured body and headers, and finding the message id in the answer. Not in
charge of: the exchange (``wire``), what a status means (``answers``).

The body is a JSON template. A string value that is exactly a placeholder is replaced whole:
``{to} {subject} {html} {text} {from} {from_name} {from_address} {reply_to} {key} {message_id}`` by text,
``{headers}`` by an object of name and value, ``{attachments}`` by a list of objects with ``filename``,
``content_type``, ``content`` (base64) and ``content_id``. Text is never pasted into other text, so no
value can break out of its place. Header values of the request may hold ``{env:NAME}``.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from pipeline.delivery.outcome import Accepted, Deferred, Outcome
from pipeline.errors import ConfigError, Place
from pipeline.providers.answers import UNTRIED, Answer, not_taken, stops_the_call, unreadable
from pipeline.providers.calls import FORGED, forged
from pipeline.providers.fields import base64_picture, json_bytes, mailbox
from pipeline.providers.port import Capabilities
from pipeline.providers.secrets import secret_from
from pipeline.providers.wire import Line, Wire, is_loopback
from pipeline.rendering.model import Message
from pipeline.sections.mail import HttpProvider

#: Stops between two recorded batches; there is no batch call, so this is about bookkeeping only.
_BATCH: Final = 100
#: What an API that honours an idempotency header usually promises; the shortest of those we know is
#: Resend's 24 h (https://resend.com/docs/dashboard/emails/idempotency-keys, read 2026-07).
_REMEMBERED: Final = timedelta(hours=24)

_VALUES: Mapping[str, Callable[[Message], object]] = {
    "{to}": lambda message: message.to,
    "{subject}": lambda message: message.subject,
    "{html}": lambda message: message.html,
    "{text}": lambda message: message.text,
    "{from}": lambda message: mailbox(message.from_name, message.from_address),
    "{from_name}": lambda message: message.from_name,
    "{from_address}": lambda message: message.from_address,
    "{reply_to}": lambda message: message.reply_to,
    "{key}": lambda message: message.key,
    "{message_id}": lambda message: message.message_id,
    "{headers}": lambda message: dict(message.headers),
    "{attachments}": lambda message: [
        {
            "filename": picture.filename,
            "content_type": picture.media_type,
            "content": base64_picture(picture),
            "content_id": picture.cid,
        }
        for picture in message.pictures
    ],
}
_REQUIRED: Final = ("{to}", "{subject}", "{html}", "{text}")
_NO_PICTURES: Final = Deferred(
    reason="this part has pictures, and the body template of provider.http has no {attachments}",
    everyone=True,
)


def capabilities_of(section: HttpProvider) -> Capabilities:
    """What the API can do as its body template says; needs no secret."""
    holes = frozenset(_strings(section.body))
    return Capabilities(
        max_batch=_BATCH,
        idempotency=_REMEMBERED if section.idempotency_header else None,
        key_each=True,
        metadata="{key}" in holes or "{headers}" in holes,
        list_unsubscribe="{headers}" in holes,
        leaves_machine=not is_loopback(section.url),
        pictures="{attachments}" in holes,
        message_id="{message_id}" in holes,
        untracked=section.tracking_is_off,
        events=False,
    )


class Http:
    """One configured JSON API."""

    name = "http"

    def __init__(
        self, section: HttpProvider, *, environment: Mapping[str, str], file: str, line: Line | None = None
    ) -> None:
        """``environment`` holds the secrets; ``file`` is config.toml, for messages.

        Raises ConfigError for a placeholder that does not exist or is missing, or a secret that is not set.
        """
        self._section = section
        self._holes = _holes_of(section.body, file)
        self._headers = {
            "Content-Type": "application/json",
            **_fill_headers(section.headers, environment, file),
        }
        self._id_path = section.id_path.split(".")
        self._wire = line or Wire(timeout_seconds=section.timeout_seconds)
        self.capabilities = capabilities_of(section)

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """One request each, over one kept connection; stops trying after the first doubtful answer."""
        outcomes: list[Outcome] = []
        stopped = False
        for message in messages:
            outcome = UNTRIED if stopped else self._send_one(message)
            stopped = stopped or stops_the_call(outcome)
            outcomes.append(outcome)
        return tuple(outcomes)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _send_one(self, message: Message) -> Outcome:
        if forged(message):
            return FORGED
        if message.pictures and "{attachments}" not in self._holes:
            return _NO_PICTURES
        headers = dict(self._headers)
        if self._section.idempotency_header:
            headers[self._section.idempotency_header] = message.key
        body = json_bytes(_fill(self._section.body, message))
        exchange = self._wire.exchange(self._section.method, self._section.url, body=[body], headers=headers)
        outcome = not_taken(exchange)
        if outcome is not None:
            return outcome
        assert isinstance(exchange, Answer), "anything else has an outcome"
        return self._accepted(exchange.body)

    def _accepted(self, body: bytes) -> Outcome:
        try:
            found: Any = json.loads(body)
        except ValueError:
            return unreadable("it is not JSON")
        for key in self._id_path:
            found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, str | int) or isinstance(found, bool) or found == "":
            return unreadable("no message id where provider.http.id_path points")
        return Accepted(provider_id=str(found)[:200])


def _fill(template: Any, message: Message) -> Any:  # noqa: ANN401 - JSON
    if isinstance(template, str):
        value = _VALUES.get(template)
        return value(message) if value else template
    if isinstance(template, dict):
        return {key: _fill(value, message) for key, value in template.items()}
    if isinstance(template, list):
        return [_fill(value, message) for value in template]
    return template


def _strings(template: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(template, str):
        yield template
    elif isinstance(template, dict | list):
        for child in template.values() if isinstance(template, dict) else template:
            yield from _strings(child)


def _holes_of(body: Mapping[str, Any], file: str) -> frozenset[str]:
    """The placeholders of a body template. Raises ConfigError for an unknown, partial or missing one."""
    where = Place(file=file, key="provider.http.body")
    texts = set(_strings(body))
    for text in sorted(texts - _VALUES.keys()):
        if re.search(r"\{[a-z_]+\}", text):
            raise ConfigError(
                f"The body template holds {text!r}, which is no placeholder; it must be the whole value.",
                where=where,
                mend=f"use any of {' '.join(_VALUES)}",
            )
    missing = [hole for hole in _REQUIRED if hole not in texts]
    if missing:
        raise ConfigError(
            f"The body template has no {missing[0]}.",
            where=where,
            mend=f'add a key with the value "{missing[0]}"',
        )
    return frozenset(texts & _VALUES.keys())


def _fill_headers(headers: Mapping[str, str], environment: Mapping[str, str], file: str) -> dict[str, str]:
    return {name: _fill_header(name, value, environment, file) for name, value in headers.items()}


def _fill_header(name: str, value: str, environment: Mapping[str, str], file: str) -> str:
    def secret(match: re.Match[str]) -> str:
        return secret_from(environment, match.group(1), file=file, key=f"provider.http.headers.{name}")

    return re.sub(r"\{env:([A-Za-z_][A-Za-z0-9_]*)\}", secret, value)
