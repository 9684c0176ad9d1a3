"""What the stand-in has to know of one mail API: where it listens, what it reads, how it answers.

In charge of: the types, and small readers that several shapes share. Not in charge of: any one API
(``shapes``, ``merging_shapes``), HTTP itself (``standin``).
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any, Final

from pipeline.rendering.model import Attachment, Message

IDEMPOTENCY_HEADER: Final = "Idempotency-Key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; ``body`` is JSON, or text that is sent as it is."""

    status: int = 200
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def by_header(request: Request) -> bool:
    """Whether the request carries the usual header of idempotent requests."""
    return IDEMPOTENCY_HEADER.lower() in request.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One call of one API."""

    path: re.Pattern[str]
    #: The messages of a request, as patients would get them. Raises KeyError, TypeError or ValueError.
    read: Callable[[Request], list[Message]]
    #: The answer to messages that were taken, by their ids; None stands for one that was refused.
    accepted: Callable[[Sequence[str | None]], Reply]
    #: The answer to a call that is refused whole.
    refused: Reply
    #: Whether each message of a call has an answer of its own.
    itemised: bool = False
    #: Whether a repeated request is answered again without sending anything.
    once: Callable[[Request], bool] = by_header


def mailbox_parts(value: str) -> tuple[str, str]:
    """Display name and address, encoded words (RFC 2047) read."""
    name, address = parseaddr(value)
    return str(make_header(decode_header(name))), address


def picture(*, cid: str, media_type: str, content: str, filename: str) -> Attachment:
    """A picture whose bytes came as base64."""
    return Attachment(cid=cid, media_type=media_type, data=base64.b64decode(content), filename=filename)


def named_values(pairs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """``[{"Name": …, "Value": …}]`` as a mapping."""
    return {pair["Name"]: pair["Value"] for pair in pairs}


def stand_in_id(key: str) -> str:
    """The Message-ID of an API that gives its own."""
    return f"<{key}@standin.invalid>"
