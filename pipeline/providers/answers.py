"""From an HTTP answer, or the lack of one, to an outcome: the one place where all APIs agree.

In charge of: which status proves that nothing was accepted, which is final, which leaves doubt
(DESIGN 8.5), and reading ``Retry-After``. Not in charge of: the exchange itself (``wire``) or the
bodies of a single API (its own file), which may know better and says so there.

Reasons carry status numbers and fixed words only: an API's own error text may quote an address.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from pipeline.delivery.outcome import Deferred, Outcome, Refused, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer; a 2xx is complete, of any other the body may be missing (the status is proof)."""

    status: int
    #: Names in lower case.
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """The exchange broke off."""

    #: Whether any byte of the request's body may have left: without it no API can have accepted.
    left: bool
    #: In words: "the connection was refused".
    why: str


Exchange: TypeAlias = Answer | NoAnswer

#: These concern the account or the configuration, never one recipient: nothing was accepted, and no
#: delivery may be used up by them (RFC 9110 15.5; 402 and 405 for accounts that may not send).
_EVERYONE = {
    401: "the mail API refused our credentials (HTTP 401)",
    402: "the mail account may not send: quota or payment (HTTP 402)",
    403: "the mail API refused our credentials or sender (HTTP 403)",
    404: "the mail API has nothing at this address (HTTP 404)",
    405: "the mail API does not take this kind of request (HTTP 405)",
    407: "a proxy asks for credentials (HTTP 407)",
    425: "the mail API asked to come again (HTTP 425)",
    429: "the mail API takes no more for now (HTTP 429)",
    503: "the mail API is not available (HTTP 503)",
    # 307 and 308 promise that the request was not processed (RFC 9110 15.4.8, 15.4.9); 301 to 303 do not.
    307: "the mail API has moved (HTTP 307); redirects are not followed",
    308: "the mail API has moved (HTTP 308); redirects are not followed",
}
#: 408: part of the request arrived; 409: the same key is being worked on. Both leave doubt.
_DOUBT = frozenset({408, 409})


def not_taken(exchange: Exchange) -> Outcome | None:
    """The outcome for every message of a request that was not answered with 2xx; None if it was."""
    if isinstance(exchange, NoAnswer):
        why = exchange.why
        return Unknown(reason=why) if exchange.left else Deferred(reason=why, everyone=True)
    status = exchange.status
    if 200 <= status < 300:
        return None
    if status in _EVERYONE:
        return Deferred(reason=_EVERYONE[status], retry_after=retry_after(exchange.headers), everyone=True)
    if 400 <= status < 500 and status not in _DOUBT:
        return Refused(reason=f"the mail API refused the message (HTTP {status})")
    return Unknown(reason=f"the mail API failed in the middle (HTTP {status})")


def parsed(exchange: Exchange) -> object:
    """The answer's body as JSON; None where there is none."""
    if isinstance(exchange, NoAnswer):
        return None
    try:
        return json.loads(exchange.body)
    except ValueError:
        return None


def unreadable(what: str) -> Unknown:
    """For a 2xx whose body cannot be understood: it may well have been accepted."""
    return Unknown(reason=f"the mail API's answer cannot be read: {what}")


#: For messages of a call that were not tried because an earlier request of it went wrong.
UNTRIED = Deferred(reason="not tried after an earlier failure in the same call", everyone=True)


def stops_the_call(outcome: Outcome) -> bool:
    """Whether the rest of the call should stay untried: an outage must make one unknown, not many."""
    return isinstance(outcome, Unknown) or (isinstance(outcome, Deferred) and outcome.everyone)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """``Retry-After`` in either form (RFC 9110 10.2.3); None if absent or unreadable.

    The HTTP date is taken relative to the answer's own ``Date``, so a wrong clock on either side does
    no harm.
    """
    value = headers.get("retry-after", "").strip() or _reset(headers)
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), 10**9))
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(wait, timedelta())


def _reset(headers: Mapping[str, str]) -> str:
    """When a rate limit ends, as APIs say it that give no ``Retry-After``: "" where none does.

    Brevo counts seconds in ``x-sib-ratelimit-reset``; ``ratelimit-reset`` is the IETF draft's name
    (https://resend.com/docs/api-reference/rate-limit). SendGrid's ``x-ratelimit-reset`` is a moment in Unix
    time, which a wrong clock would turn into hours, so it is left to the usual backoff.
    """
    return (headers.get("x-sib-ratelimit-reset") or headers.get("ratelimit-reset") or "").strip()
