"""One HTTP request and what came of it, without ever leaving doubt where there is none.

In charge of: the pooled session, time limits, TLS, and telling "never left" from "left, no answer".
Not in charge of: what a status means (``answers``) or any API's bodies.

Privacy and safety, on purpose: the environment's proxies and .netrc are ignored (a stray HTTPS_PROXY
must not carry patients' mail), redirects are not followed, certificates are verified, and nothing of a
request or an answer is ever logged.
"""

import ipaddress
import socket
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import requests
import urllib3
from requests.exceptions import ConnectTimeout, RequestException, SSLError
from urllib3.exceptions import HTTPError

from pipeline.providers.answers import Answer, Exchange, NoAnswer

#: An answer to 500 messages has some 100 KB; what is far larger is no answer of a mail API.
_LARGEST_ANSWER: Final = 8 * 1024 * 1024
_CONNECT_SECONDS: Final = 10.0
_SENT_AT_ONCE: Final = 256 * 1024
#: Servers drop idle connections after 5 to 60 s.
_IDLE_SECONDS: Final = 4.0


class Line(Protocol):
    """What a provider needs of the way to its API."""

    def exchange(
        self, method: str, url: str, *, body: Sequence[bytes], headers: Mapping[str, str]
    ) -> Exchange:
        """Send one request, read its answer; raises nothing."""

    def close(self) -> None:
        """Close every connection."""


class Wire:
    """A pooled session to one mail API. Used by one thread at a time."""

    def __init__(self, *, timeout_seconds: float) -> None:
        """``timeout_seconds``: for a whole exchange once connected, also against a trickling answer."""
        self._timeout = timeout_seconds
        self._last_used = float("-inf")
        self._session = _Session()
        self._session.trust_env = False

    def exchange(
        self, method: str, url: str, *, body: Sequence[bytes], headers: Mapping[str, str]
    ) -> Exchange:
        """Send one request, read its answer. Raises nothing that the line or the other side can cause.

        ``body`` comes in pieces, sent one after another: 500 messages joined would be copied once more.
        """
        self._drop_idle()
        deadline = time.monotonic() + self._timeout
        outgoing = _Body(body)
        try:
            with self._session.request(
                method, url, data=outgoing, headers=dict(headers), stream=True, allow_redirects=False,
                timeout=(min(_CONNECT_SECONDS, self._timeout), self._timeout),
            ) as response:  # fmt: skip
                answer: Exchange = _read(response, deadline)
        except RequestException as error:
            answer = NoAnswer(left=outgoing.left, why=_why(error, left=outgoing.left))
        self._last_used = time.monotonic() if isinstance(answer, Answer) else float("-inf")
        return answer

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _drop_idle(self) -> None:
        """A request on a connection that the other side has given up ends in doubt; a new one does not."""
        if time.monotonic() - self._last_used > _IDLE_SECONDS:
            self._session.close()


class _Session(requests.Session):
    """Never follows a redirect, nor even looks where it leads: a broken one must not hide the answer."""

    def resolve_redirects(self, *_args: Any, **_options: Any) -> Iterator[requests.Response]:  # noqa: ANN401
        """No redirects, whatever the answer says."""
        return iter(())


class _Body:
    """A request body that remembers whether anybody began to send it.

    The headers go out before the first read, and no API accepts a message from headers alone: as long
    as nothing was read, nothing can have been accepted. That is a stronger proof than any exception's
    type.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces
        #: Where each piece ends, counted from the first byte.
        self._ends = list(accumulate(map(len, pieces)))
        self.left = False

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[bytes]:
        """The pieces, joined to some hundred kilobytes each: few system calls, and still in the cache."""
        self.left = True
        start = sent = 0
        while start < len(self._ends):
            stop = bisect_left(self._ends, sent + _SENT_AT_ONCE, start) + 1
            yield b"".join(self._pieces[start:stop])
            start, sent = stop, self._ends[min(stop, len(self._ends)) - 1]


def is_loopback(url: str) -> bool:
    """Whether the address names this machine: mail sent there does not leave it.

    Only literal loopback addresses and ``localhost`` (RFC 6761 6.3) count: what a name server says today
    it may not say tomorrow.
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(response: requests.Response, deadline: float) -> Exchange:
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        body = _read_body(response, deadline)
    except (OSError, HTTPError) as error:
        if 200 <= response.status_code < 300:
            return NoAnswer(left=True, why=_why(error, left=True))
        body = b""
    return Answer(status=response.status_code, headers=headers, body=body)


def _read_body(response: requests.Response, deadline: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    # read1 returns with what has come, so that the deadline holds against an answer that trickles in.
    while piece := response.raw.read1(64 * 1024, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST_ANSWER or time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(pieces)


def _why(error: Exception, *, left: bool) -> str:
    """In words, and from a fixed list: an exception's own text holds the address of the API and more."""
    if left:
        late = isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError))
        return "no answer in time" if late else "the connection broke before the answer was complete"
    if isinstance(error, SSLError):
        return "no secure connection to the mail API (TLS)"
    if isinstance(error, ConnectTimeout):
        return "no connection to the mail API in time"
    if _cause(error, socket.gaierror):
        return "the mail API's name cannot be resolved"
    if _cause(error, ConnectionRefusedError):
        return "the mail API refused the connection"
    return "no connection to the mail API"


def _cause(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether ``kind`` stands anywhere in the chain of causes."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, kind):
            return True
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return False
