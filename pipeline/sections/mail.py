"""How mail leaves: [sending] and [provider].

In charge of: shape, defaults, meaning. Not in charge of: mail APIs themselves (``providers``).
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from pipeline.sections.fields import EmailAddress, Section


class Mode(StrEnum):
    """Whether mail may reach patients at all."""

    TRIAL = "trial"
    LIVE = "live"


class Sending(Section):
    """How the dispatcher works."""

    mode: Mode = Mode.TRIAL
    #: In trial mode mail may leave this machine for these addresses only.
    trial_list: tuple[EmailAddress, ...] = ()
    tick_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    #: Messages per call to the mail API, at most; the provider's own limit also holds.
    batch_size: Annotated[int, Field(ge=1, le=1000)] = 100
    #: How long a claim holds without a sign of life.
    lease_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    #: After so many deferred attempts a delivery is held for a person.
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 8


class OutboxProvider(Section):
    """Writes each message as an .eml file; nothing leaves the machine."""

    folder: str = "outbox"


class HttpProvider(Section):
    """Any mail API that takes one JSON request per message."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    method: Literal["POST", "PUT"] = "POST"
    #: Values may name a secret as ``{env:NAME}``.
    headers: dict[str, str] = Field(default_factory=dict)
    #: JSON with {to}, {subject}, {html}, {text}, {from_name}, {from_address}, {reply_to}, {key},
    #: {message_id} and {headers} as whole string values.
    body: dict[str, Any]
    #: Where the message id stands in the answer, as dotted keys.
    id_path: str = "id"
    #: Header that carries our idempotency key, if the API honours one.
    idempotency_header: str | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20


class PostmarkProvider(Section):
    """Postmark, https://postmarkapp.com/developer/api/email-api."""

    #: Name of the environment variable that holds the server token.
    token_env: str = "POSTMARK_SERVER_TOKEN"  # noqa: S105 - the variable's name, not the secret
    message_stream: str = "outbound"
    base_url: Annotated[str, Field(pattern=r"^https?://")] = "https://api.postmarkapp.com"
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 30


class Provider(Section):
    """Which mail API carries the messages."""

    name: Literal["outbox", "http", "postmark"] = "outbox"
    outbox: OutboxProvider = OutboxProvider()
    http: HttpProvider | None = None
    postmark: PostmarkProvider = PostmarkProvider()
